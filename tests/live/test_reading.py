"""What reads along and the map beside the digits: the judge's labels are Python's, and a link reproduces a view."""

import zlib
from dataclasses import replace
from importlib import resources

import numpy as np
import pytest
import torch
from playwright.sync_api import expect
from tests.live.conftest import NAME, fresh
from tests.live.test_page import DIGITS, part, pixels, ready

from flowleague.data import load_training
from flowleague.judge.judges import load_judges
from flowleague.judge.reader import first_digits, reading
from flowleague.live import live_page
from flowleague.model.randomness import noise
from flowleague.model.sampler import path
from flowleague.program.container import unpacked
from flowleague.program.interpreter import Runner, loaded, replay

FOLDER = resources.files("flowleague.live") / "mnist"
CALL = """async ([owner, what, ...given]) => {
  const root = document.querySelector(".live"), at = owner ? root[owner] : root;
  return await at[what](...given, async () => true);
}"""
SHIFT = """() => new Promise((done) => {
  let moved = 0;
  new PerformanceObserver((list) => list.getEntries().forEach((entry) => (moved += entry.value)))
    .observe({ type: "layout-shift", buffered: true });
  setTimeout(() => done(moved), 200);
})"""


@pytest.fixture(scope="module")
def digits() -> torch.Tensor:
    """The real digits of a page, (240, 1, 28, 28)."""
    packed = np.frombuffer(zlib.decompress((FOLDER / "digits.bin").read_bytes()), np.uint8)
    greys = np.stack([packed >> 4, packed & 15], axis=1).astype(np.float32) / 15
    return torch.from_numpy(greys.reshape(-1, 1, 28, 28))


@pytest.fixture(scope="module")
def verdicts(digits) -> torch.Tensor:
    """The judge's log probabilities of every eighth of them, by its program in Python."""
    entry = unpacked((FOLDER / "judge.zip").read_bytes())
    return replay(Runner(entry.programs["encode"], loaded(entry)), len(digits) // 8, 0, digits[::8].contiguous())


def mapped(page):
    expect(part(page, "mapped")).to_contain_text("digits beside", timeout=60_000)
    return page


def test_the_judge_of_the_page_is_the_contests(digits, verdicts):
    judge = load_judges("mnist")[0]
    full = judge.read(digits[::8].contiguous()).log_probabilities
    assert torch.equal(verdicts.argmax(1), torch.from_numpy(full).argmax(1))
    assert np.abs(np.exp(verdicts.numpy()) - np.exp(full)).max() < 0.02  # weights of 8 bits
    assert torch.allclose(reading(judge)(digits[::8]), verdicts, atol=1e-4)  # the file is what the command writes
    labels = torch.arange(10).repeat_interleave(24)[::8]
    assert (verdicts.argmax(1) == labels).float().mean() > 0.95


@pytest.mark.long
def test_the_digits_of_the_page_are_training_digits():
    assert first_digits(load_training("mnist").train) == (FOLDER / "digits.bin").read_bytes()


def test_labels_and_digits_are_those_of_python(digits, verdicts, grid_file, open_page):
    page = ready(open_page(grid_file))
    shown = torch.tensor(page.evaluate(f"async () => (await ({CALL})([null, 'realDigits'])).map((row) => [...row])"))
    assert torch.allclose(shown, digits.flatten(1), atol=1e-6)
    found = page.evaluate(CALL, ["judge", "read", digits[::8].flatten(1)[:12].tolist()])
    assert [one["label"] for one in found] == verdicts[:12].argmax(1).tolist()
    wanted = verdicts[:12].exp().amax(1)
    assert (torch.tensor([one["confidence"] for one in found]) - wanted).abs().max() < 1e-4


def test_every_digit_has_its_label(grid_file, open_page):
    page = ready(open_page(grid_file))
    captions = page.locator(".live-sheet span")
    expect(captions.nth(DIGITS - 1)).not_to_be_empty(timeout=60_000)
    images = fresh("grid").generate(DIGITS, seed=3)
    entry = unpacked((FOLDER / "judge.zip").read_bytes())
    wanted = replay(Runner(entry.programs["encode"], loaded(entry)), DIGITS, 0, images)
    for text, row in zip(captions.all_inner_texts(), wanted.exp(), strict=True):
        label, sure = text.replace("%", "").split()
        assert row[int(label)] > row.max() - 1e-4
        assert abs(int(sure) / 100 + 0.005 - row.max()) < 0.0052  # rounded down
    label = captions.first.inner_text()[0]
    part(page, "class").select_option(label)
    assert page.locator(".live-sheet .other").count() == sum(
        not text.startswith(label) for text in captions.all_inner_texts()
    )


def test_the_cloud_takes_the_models_own_ways(model, live_file, open_page):
    page = mapped(ready(open_page(live_file)))
    flow, drawn = model.recipe.flow, noise(3, DIGITS, 120, model.recipe.vae.latent)
    asked = f"async (given) => (await ({CALL})(given)).map((rows) => rows.map((row) => [...row]))"
    states = torch.tensor(page.evaluate(asked, ["model", "cloud", 3, {"solver": flow.solver, "steps": flow.steps}]))
    velocity = lambda x, t: model.velocity(x, torch.full((len(x),), t))  # noqa: E731
    wanted = torch.stack(list(path(velocity, model.source(drawn), flow.solver, flow.steps)))
    assert (states - wanted).abs().max() < 1e-4
    assert part(page, "mapped").inner_text().startswith("240 real digits, encoded, coloured by class; 120 samples")
    seen = "(canvas) => canvas.toDataURL()"
    before = part(page, "space").evaluate(seen)
    part(page, "time").fill("0")
    assert part(page, "space").evaluate(seen) != before


def test_a_link_reproduces_the_view(grid_file, open_page):
    start = grid_file.as_uri()
    page = ready(open_page(f"{start}#seed=70&time=0.48&class=4&digit=2&solver=heun&steps=3"))
    view = {"seed": "70", "time": "11", "class": "4", "solver": "heun", "steps": "3"}
    assert {name: part(page, name).input_value() for name in view} == view
    assert page.get_by_label("Digit 2 of seed 70", exact=True).get_attribute("aria-pressed") == "true"
    shown = pixels(page, ".live-sheet canvas")
    part(page, "time").fill("12")
    page.wait_for_url("**time=0.52*")
    part(page, "time").fill("11")
    page.wait_for_url("**time=0.48*")
    again = ready(open_page(page.url))
    assert torch.equal(pixels(again, ".live-sheet canvas"), shown)


def test_nonsense_in_the_address_is_ignored(grid_file, open_page):
    page = ready(open_page(f"{grid_file.as_uri()}#seed=-1&time=7&class=x&digit=99&solver=magic&steps=0&__proto__=1"))
    assert [part(page, name).input_value() for name in ("seed", "time", "class")] == ["3", "23", ""]


@pytest.mark.parametrize("size", ["phone", "desktop"])
def test_nothing_moves_while_the_page_comes_to_life(grid_file, open_page, size):
    page = mapped(ready(open_page(grid_file, size)))
    expect(page.locator(".live-sheet span").nth(DIGITS - 1)).not_to_be_empty(timeout=60_000)
    assert page.evaluate(SHIFT) < 0.1


def test_no_judge_reads_other_digits(open_page, tmp_path):
    model = fresh("grid")
    model.recipe = replace(model.recipe, dataset="fashion-mnist")
    (tmp_path / "live.html").write_text(live_page(model.bundle_arrays(), NAME), encoding="utf-8")
    page = mapped(ready(open_page(tmp_path / "live.html")))
    expect(part(page, "class")).to_be_hidden()
    assert part(page, "mapped").inner_text().startswith("240 samples; 120 samples of this seed")
    assert page.locator(".live-sheet span").all_inner_texts() == [""] * DIGITS
