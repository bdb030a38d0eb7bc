"""Captured entries in a page: what Python replays, whether a page writes them for few rows or runs whole portions."""

from pathlib import Path
from typing import Any

import pytest
import torch
from playwright.sync_api import expect
from tests.browser import faults, overflow
from tests.live.captured import LATENT, MODELS, functions
from tests.live.test_page import ASK, DIGITS, NAME, part, pixels, ready, shows

from flowleague.errors import LiveError
from flowleague.live import entry as live_entry
from flowleague.live import live_page
from flowleague.live.entry import entry_data
from flowleague.program.capturing.entry import record
from flowleague.program.format import Entry, Program, Step
from flowleague.program.interpreter import Runner, loaded, replay
from flowleague.program.values import Ref

GENERATE = '([n, seed]) => document.querySelector(".live").model.generate(n, seed).map((row) => [...row])'
IMAGES = torch.rand(60, 1, 28, 28, generator=torch.Generator().manual_seed(5))


def captured(made: str | dict[str, Any], batch: int) -> Entry:
    return record(**functions(made) if isinstance(made, str) else made, images=IMAGES, batch=batch)[1]


def write(entry: Entry, folder: Path) -> Path:
    (folder / "live.html").write_text(live_page(entry, NAME, seed=3), encoding="utf-8")
    return folder / "live.html"


@pytest.fixture(scope="module", params=MODELS)
def entry(request) -> Entry:
    return captured(request.param, 40)


@pytest.fixture(scope="module")
def file(entry, tmp_path_factory) -> Path:
    return write(entry, tmp_path_factory.mktemp("entry"))


def replayed(entry: Entry, name: str, rows: int, seed: int = 0, inputs: torch.Tensor | None = None) -> torch.Tensor:
    return replay(Runner(entry.programs[name], loaded(entry)), rows, seed, inputs).flatten(1)


def check(page, entry: Entry) -> None:
    """Digits, latents and reconstructions of a page, against Python's."""
    wanted = replayed(entry, "generate", DIGITS, 3)
    assert (torch.tensor(page.evaluate(GENERATE, [DIGITS, 3])) - wanted).abs().max() < 1e-4
    assert (pixels(page, ".live-sheet canvas") - 255 * wanted).abs().max() < 0.6
    images = wanted[:3].reshape(3, 1, 28, 28)
    codes = torch.tensor(page.evaluate(ASK, ["encode", images.flatten(1).tolist()]))
    assert (codes - replayed(entry, "encode", 3, 0, images)).abs().max() < 1e-4
    made = torch.tensor(page.evaluate(ASK, ["decode", codes.tolist()]))
    assert (made - replayed(entry, "decode", 3, 0, codes)).abs().max() < 1e-4


def test_a_captured_entry_gives_the_digits_of_python(entry, file, open_page):
    data = entry_data(entry)
    assert {name: [plan["rows"] for plan in plans] for name, plans in data["programs"].items()} == {
        "encode": [1, DIGITS], "decode": [1, DIGITS], "generate": [DIGITS],
    }  # fmt: skip
    check(ready(open_page(file)), entry)


def test_portions_smaller_than_the_sheet_are_replayed_one_after_the_other(open_page, tmp_path):
    entry = captured("attention", 10)
    check(ready(open_page(write(entry, tmp_path))), entry)


def test_programs_whose_rows_know_each_other_run_on_whole_portions(open_page, tmp_path):
    made = functions("perceptrons")
    centred = {"encode": lambda images: (z := made["encode"](images)) - z.mean(0) * 0.1}
    entry = captured(made | centred, 40)
    (plan,) = entry_data(entry)["programs"]["encode"]
    assert plan["rows"] == 40
    check(ready(open_page(write(entry, tmp_path))), entry)


def test_a_person_can_play_with_a_captured_entry(entry, file, open_page):
    page = ready(open_page(file))
    for name in ("play", "time"):
        expect(part(page, name)).to_be_hidden()
    assert not part(page, "solver").count()
    expect(part(page, "mapped")).to_have_text(
        "240 real digits, encoded, coloured by class; in white the digits beside, encoded.", timeout=60_000
    )
    ends = replayed(entry, "generate", DIGITS, 3)
    page.get_by_label("Digit 5 of seed 3", exact=True).click()
    codes = replayed(entry, "encode", 4, 0, ends[5:9].reshape(4, 1, 28, 28))
    corners = 255 * replayed(entry, "decode", 4, 0, codes)
    for x, y, k in ((-1, 1, 0), (1, 1, 1), (-1, -1, 2), (1, -1, 3)):
        part(page, "x").fill(str(x))
        part(page, "y").fill(str(y))
        shows(page, "[data-live=big]", corners[k])
    part(page, "plane").select_option("axes")
    deviations = replayed(entry, "encode", DIGITS, 0, ends.reshape(DIGITS, 1, 28, 28)).std(0, correction=0)
    expect(part(page, "across").locator("option")).to_have_count(LATENT)
    part(page, "x").fill("1")
    part(page, "y").fill("0")
    moved = codes[:1] + 3 * deviations * torch.eye(LATENT)[:1]
    shows(page, "[data-live=big]", 255 * replayed(entry, "decode", 1, 0, moved))  # once the deviations are known
    page.get_by_role("button", name="Take the digit picked above").click()
    expect(part(page, "drawn")).to_contain_text("Mean squared error")


@pytest.mark.parametrize("size", ["phone", "desktop"])
def test_axe_finds_no_fault_in_the_page_of_an_entry(file, open_page, size):
    page = ready(open_page(file, size))
    assert overflow(page) == 0
    assert faults(page) == []


def changed(entry: Entry, *steps: Step) -> Entry:
    """The entry with operations after those of decode."""
    old = entry.programs["decode"]
    last = len(old.inferred.specs) + len(steps) - 1
    made = Program(old.inputs, old.draws, old.constants, (*old.steps, *steps), (last,))
    return Entry(entry.batch, {**entry.programs, "decode": made}, entry.constants)


def test_what_a_page_cannot_run_is_told_in_a_sentence(monkeypatch):
    entry = captured("perceptrons", 10)
    at = len(entry.programs["decode"].inferred.specs) - 1
    odd = Step("aten.angle.default", (Ref(at),))
    with pytest.raises(LiveError, match="no kernel for angle, which decode uses; show its samples as pictures"):
        entry_data(changed(entry, odd))
    half = (
        Step("aten._to_copy.default", (Ref(at), "float16")),
        Step("aten._to_copy.default", (Ref(at + 1), "float32")),
    )
    with pytest.raises(LiveError, match="does not compute with float16, which decode uses"):
        entry_data(changed(entry, *half))
    large = (
        Step("aten.expand.default", (Ref(at), (10, 5000, 28, 28))),
        Step("aten.exp.default", (Ref(at + 1),)),
        Step("aten.slice.Tensor", (Ref(at + 2), 1, 0, 1)),
    )
    monkeypatch.setattr(live_entry, "_MOST_FLOPS", 1e6)
    with pytest.raises(LiveError, match="would take minutes in a page"):
        entry_data(changed(entry, *large))
    monkeypatch.setattr(live_entry, "_MOST_ELEMENTS", 1_000_000)
    with pytest.raises(LiveError, match="decode needs more memory than a page has"):
        entry_data(changed(entry, *large))
    monkeypatch.setattr(live_entry, "MOST_NUMBERS", 100)
    with pytest.raises(LiveError, match="numbers, and a page runs at most 100; show its samples as pictures"):
        entry_data(entry)


def test_a_program_that_fills_the_memory_is_stopped(open_page, tmp_path):
    entry = captured("perceptrons", 40)
    old, steps = entry.programs["generate"], []
    at = len(old.inferred.specs) - 1
    for k in range(12):  # 12 values of 100 MB that depend on nothing, and are kept
        steps += [Step("aten.full.default", ((DIGITS, 1, 28, 28 * 1300), float(k)))]
    total = Ref(at + 1)
    for k in range(1, 12):
        steps += [Step("aten.add.Tensor", (total, Ref(at + 1 + k)))]
        total = Ref(at + 12 + k)
    steps += [Step("aten.mean.default", (total,)), Step("aten.add.Tensor", (Ref(at), Ref(at + 24)))]
    made = Program(old.inputs, old.draws, old.constants, (*old.steps, *steps), (at + 25,))
    page = open_page(write(Entry(entry.batch, {**entry.programs, "generate": made}, entry.constants), tmp_path))
    expect(part(page, "told")).to_have_text("The entry’s program needs more memory than a page has.", timeout=60_000)
