"""Copies count once, for whoever sent them first; a cleared finding costs nothing while its numbers stand."""

import numpy as np
import pytest
from safetensors.numpy import load, save
from tests.contest.conftest import NOW, SCORER, zip_of

from flowleague.bundle.files import parse_zip
from flowleague.bundle.read import config_json
from flowleague.bundle.recipe import get_recipe
from flowleague.contest.copies import sketches_of, tensors_of
from flowleague.contest.entry_files import read_entry
from flowleague.contest.evaluate import evaluate
from flowleague.contest.folder import ContestError, open_contest
from flowleague.contest.standing import board_of
from flowleague.contest.submit import Parcel, clear, submit
from flowleague.shipped import FOLDER


def flags(contest) -> dict[str, list[str]]:
    rows = board_of(open_contest(contest)).standings.rows
    return {row.entry.team: [flag.name for flag in row.entry.flags] for row in rows}


def test_tensors_are_known_by_their_content_not_by_their_names():
    weights = np.arange(100, dtype=np.float32)
    one = tensors_of({"vae.safetensors": save({"a": weights, "zeros": np.zeros(100, np.float32)})})
    other = tensors_of({"x.safetensors": save({"b": weights.reshape(10, 10), "small": weights[:10]})})
    assert one == other
    assert list(one.values()) == [100]
    assert tensors_of({"vae.safetensors": b"v", "notes.txt": b""}) == {}


def test_equal_outputs_count_once_for_the_first_and_can_be_cleared(contest, send):
    send("first", "# fine")
    copy = send("copy", "# fine")
    send("other", "# fine\n# another")
    evaluate(contest, scorer=SCORER)
    assert flags(contest) == {"first": [], "copy": ["equal_outputs"], "other": []}
    assert [row.entry.team for row in board_of(open_contest(contest)).standings.ranked].count("copy") == 0
    with pytest.raises(ContestError, match="there are: equal_outputs"):
        clear(contest, copy.id, "stored_bank", "why", "A. Judge")
    with pytest.raises(ContestError, match="reason and the name"):
        clear(contest, copy.id, "equal_outputs", " ", "A. Judge")
    clear(contest, copy.id, "equal_outputs", "one team of two names", "A. Judge")
    board = board_of(open_contest(contest))
    assert "copy" in [row.entry.team for row in board.standings.ranked]
    (row,) = [row for row in board.standings.rows if row.entry.team == "copy"]
    assert row.entry.flags[0].cleared == "A. Judge: one team of two names"


def some_weights(seed: int, change: float = 0.0) -> dict[str, bytes]:
    rng = np.random.default_rng(seed)
    tensors = {f"w{n}": 0.5 + rng.standard_normal(n).astype(np.float32) for n in (100, 900, 9000)}
    other = np.random.default_rng(seed + 1000)
    moved = {k: w + change * other.standard_normal(len(w)).astype(np.float32) for k, w in tensors.items()}
    return {"vae.safetensors": save(moved)}


def bits_between(one: dict[str, bytes], other: dict[str, bytes]) -> list[int]:
    by_size = [
        {tensors_of(files)[k]: int(text, 16) for k, text in sketches_of(files).items()} for files in (one, other)
    ]
    return [(sketch ^ by_size[1][size]).bit_count() for size, sketch in by_size[0].items()]


def test_sketches_tell_a_changed_copy_from_an_independent_one():
    assert all(bits <= 6 for seed in range(20) for bits in bits_between(some_weights(seed), some_weights(seed, 0.05)))
    assert all(bits > 10 for seed in range(20) for bits in bits_between(some_weights(seed), some_weights(seed + 50)))
    wrong = {"vae.safetensors": save({"w": np.full(100, np.nan, np.float32)}), "x.safetensors": b"x"}
    assert sketches_of(wrong) == {}


def test_a_copy_whose_weights_were_changed_a_little_counts_once_for_the_first(contest, send, tmp_path):
    for number, (team, weights) in enumerate(
        {"other": some_weights(1), "first": some_weights(2), "copy": some_weights(2, 0.05)}.items()
    ):
        path = tmp_path / team / "vae.safetensors"
        path.parent.mkdir()
        path.write_bytes(weights["vae.safetensors"])
        send(team, f"# fine\n{number}", weights=[path])
    evaluate(contest, scorer=SCORER)
    assert flags(contest) == {"other": [], "first": [], "copy": ["changed_copy"]}
    (row,) = [row for row in board_of(open_contest(contest)).standings.rows if row.entry.team == "copy"]
    assert not row.entry.ranks


@pytest.mark.parametrize(("changes", "found"), [((), "quick"), (("seed=7",), "quick"), (("vae.channels=20",), "")])
def test_an_unchanged_recipe_is_a_baseline_and_a_changed_one_is_not(changes, found, contest, tmp_path):
    path = zip_of(tmp_path / "entry.zip", config__json=config_json(get_recipe("quick", changes)).decode())
    assert read_entry(path, [], 1).recipe == found
    sent = submit(contest, Parcel("a", path), now=NOW)
    assert open_contest(contest).state.submissions[sent.id].recipe == found
    evaluate(contest, scorer=SCORER)
    assert flags(contest)["a"] == (["shipped_recipe"] if found else [])


def shipped_weights(change: float) -> bytes:
    """The weights of a shipped model's autoencoder and flow in one file, each moved by a share of its deviation."""
    rng, files = np.random.default_rng(3), parse_zip((FOLDER / "tiny.zip").read_bytes(), "tiny.zip")
    moved = {}
    for name in ("vae.safetensors", "flow.safetensors"):
        for key, values in load(files[name]).items():
            noise = change * values.std() * rng.standard_normal(values.shape) if change else 0
            moved[f"{name}.{key}"] = (values + noise).astype(values.dtype)
    del moved[max(moved, key=lambda key: moved[key].size if moved[key].size < 1000 else 0)]  # not the whole model
    return save(moved)


@pytest.mark.parametrize(("change", "found"), [(0.0, "shipped_model"), (0.03, "changed_copy"), (3.0, "")])
def test_a_shipped_model_in_another_format_is_no_entry_of_ones_own(change, found, contest, send, tmp_path):
    path = tmp_path / "vae.safetensors"
    path.write_bytes(shipped_weights(change))
    send("a", "# fine", weights=[path])
    evaluate(contest, scorer=SCORER)
    assert flags(contest)["a"] == ([found] if found else [])
