"""The page in Chromium, opened from disk: equal to PyTorch, usable without a mouse, and without complaint."""

import re

import pytest
import torch
from playwright.sync_api import FloatRect, Page, expect
from tests.browser import faults, overflow
from tests.live.conftest import NAME, fresh

from flowleague.bundle.solvers import SOLVERS
from flowleague.errors import LiveError
from flowleague.live import live_page
from flowleague.live import page as live
from flowleague.model.randomness import noise
from flowleague.model.sampler import POINTS, points, solve
from flowleague.text import number, percent

DIGITS = 24
ASK = """([what, rows, ...rest]) => {
  const model = document.querySelector(".live").model;
  return model[what](rows.map((row) => Float32Array.from(row)), ...rest).map((row) => [...row]);
}"""


def ready(page: Page) -> Page:
    """The page when its first sheet is there."""
    expect(page.locator("[data-live=told]")).not_to_be_empty(timeout=60_000)
    return page


def part(page: Page, name: str):
    return page.locator(f"[data-live={name}]")


def in_view(page: Page, name: str) -> FloatRect:
    """Where a part lies in the window, which is moved there."""
    part(page, name).scroll_into_view_if_needed()
    box = part(page, name).bounding_box()
    assert box
    return box


def pixels(page: Page, canvas: str) -> torch.Tensor:
    """The bytes on the canvases that match, (N, 784)."""
    read = (
        "(all) => all.map((c) => [...c.getContext('2d').getImageData(0, 0, 28, 28).data].filter((_, k) => k % 4 === 0))"
    )
    return torch.tensor(page.locator(canvas).evaluate_all(read), dtype=torch.float32)


def shows(page: Page, canvas: str, wanted: torch.Tensor) -> None:
    """Wait until the canvases show these images, whose bytes are rounded; work in turns may still draw them."""
    for _ in range(200):
        if (pixels(page, canvas) - wanted).abs().max() < 0.6:
            return
        page.wait_for_timeout(100)
    assert (pixels(page, canvas) - wanted).abs().max() < 0.6


def test_the_same_noise_gives_the_same_digit(model, live_file, open_page):
    page = ready(open_page(live_file))
    x_0 = noise(5, 0, 4, model.recipe.vae.latent)
    start = model.source(x_0)
    for solver, steps in (("euler", 1), ("euler", 3), ("midpoint", 4), ("heun", 10), ("rk4", 6)):
        x_1 = torch.tensor(page.evaluate(ASK, ["last", x_0.tolist(), solver, steps]))
        images = torch.tensor(page.evaluate(ASK, ["decode", x_1.tolist()])).reshape(4, 1, 28, 28)
        wanted = model.generate(4, seed=5, solver=solver, steps=steps)
        assert (images - wanted).abs().max() < 1e-4, (solver, steps)
        latent = solve(lambda x, t: model.velocity(x, torch.full((len(x),), t)), start, solver, steps)
        assert (x_1 - latent).abs().max() < 1e-4, (solver, steps)
    code = torch.tensor(page.evaluate(ASK, ["encode", wanted.flatten(1).tolist()]))
    assert (code - model.velocity.normalise(model.vae.posterior(wanted)[0])).abs().max() < 1e-4


def test_the_page_knows_the_generators_solvers(grid_file, open_page):
    page = ready(open_page(grid_file))
    assert part(page, "solver").locator("option").all_inner_texts() == list(SOLVERS)
    for solver, tableau in SOLVERS.items():
        part(page, "solver").select_option(solver)
        part(page, "steps").fill("3")
        assert part(page, "count").inner_text() == f"3, {3 * tableau.evaluations} evaluations"


def test_a_seed_gives_the_digits_of_the_command_line(model, live_file, open_page):
    page = ready(open_page(live_file))
    steps = model.recipe.flow.steps
    for seed, solver in ((3, model.recipe.flow.solver), (70, "rk4")):
        if seed != 3:
            part(page, "solver").select_option(solver)
            part(page, "seed").fill(str(seed))
            expect(page.get_by_label("Digit 0 of seed 70", exact=True)).to_be_visible()
        wanted = 255 * model.generate(DIGITS, seed=seed, solver=solver, steps=steps).flatten(1)
        assert (pixels(page, ".live-sheet canvas") - wanted).abs().max() < 0.6  # rounded to whole numbers


def test_the_flow_can_be_followed_back_to_noise(model, live_file, open_page):
    page = ready(open_page(live_file))
    time = part(page, "time")
    assert time.input_value() == str(POINTS - 1)
    states = points(model.paths(noise(3, 0, DIGITS, model.recipe.vae.latent)))
    for k in (0, 1, 8, 15, 22, 23):  # between the solver's states and at some of them
        time.fill(str(k))
        assert part(page, "t").inner_text() == number(k / (POINTS - 1), 2)
        assert (pixels(page, ".live-sheet canvas") - 255 * model.decode(states[k]).flatten(1)).abs().max() < 0.6
    assert part(page, "play").evaluate("button => { button.click(); return button.textContent; }") == "Stop"
    expect(part(page, "play")).to_have_text("Watch")
    expect(part(page, "t")).to_have_text("1")


def test_the_map_starts_at_the_picked_digit_and_moves(model, live_file, open_page):
    page = ready(open_page(live_file))
    ends = 255 * model.generate(DIGITS, seed=3).flatten(1)
    page.get_by_label("Digit 5 of seed 3", exact=True).click()
    for x, y, digit in ((-1, 1, 5), (1, 1, 6), (-1, -1, 7), (1, -1, 8)):  # corners hold the digit and the next three
        part(page, "x").fill(str(x))
        part(page, "y").fill(str(y))
        assert (pixels(page, "[data-live=big]") - ends[digit]).abs().max() < 0.6
    part(page, "plane").select_option("axes")
    part(page, "x").fill("0")
    part(page, "y").fill("0")
    assert (pixels(page, "[data-live=big]") - ends[5]).abs().max() < 0.6
    box = in_view(page, "pad")
    # the locator waits until the page lies still
    part(page, "pad").click(position={"x": 0.75 * box["width"], "y": 0.25 * box["height"]})
    assert float(part(page, "x").input_value()) == pytest.approx(0.5, abs=0.03)
    assert float(part(page, "y").input_value()) == pytest.approx(0.5, abs=0.03)


def test_principal_directions_are_those_of_the_samples(model, live_file, open_page):
    page = ready(open_page(live_file))
    *_, z = model.paths(noise(0, 0, 1000, model.recipe.vae.latent))
    x = model.velocity.normalise(z).double()
    _, S, V = torch.linalg.svd(x - x.mean(dim=0), full_matrices=False)
    variances = S.square() / 999
    part(page, "plane").select_option("axes")
    names = [
        f"Principal direction {k + 1}, {percent(float(v / variances.sum()))} of the variance"
        for k, v in enumerate(variances[:6])
    ]
    expect(part(page, "across").locator("option").nth(5)).to_have_text(names[5])
    assert part(page, "across").locator("option").all_inner_texts()[:7] == [*names, "Latent number 1"]
    part(page, "x").fill("0.5")
    part(page, "y").fill("0")
    end = model.velocity.normalise(torch.stack(list(model.paths(noise(3, 0, 1, x.shape[1])))[-1:])[0])
    step = (1.5 * variances[0].sqrt() * V[0]).float()  # half of three standard deviations
    shown = pixels(page, "[data-live=big]")
    both = [255 * model.decode(model.velocity.denormalise(end + sign * step)).flatten(1) for sign in (1, -1)]
    assert min((shown - wanted).abs().max() for wanted in both) < 0.6


def test_a_drawing_is_encoded_and_decoded(model, live_file, open_page):
    page = ready(open_page(live_file))
    box = in_view(page, "paper")
    page.mouse.move(box["x"] + 0.5 * box["width"], box["y"] + 0.25 * box["height"])
    page.mouse.down()
    page.mouse.move(box["x"] + 0.5 * box["width"], box["y"] + 0.75 * box["height"], steps=4)
    page.mouse.up()
    expect(part(page, "drawn")).to_contain_text("Mean squared error")
    drawn = pixels(page, "[data-live=paper]").reshape(1, 1, 28, 28) / 255
    assert drawn[0, 0, 8:20, 13:15].min() == 1
    made = 255 * model.decode(model.vae.posterior(drawn)[0]).flatten(1)  # it lies in the middle already
    assert (pixels(page, "[data-live=copy]") - made).abs().max() < 1.6  # the drawing was rounded as well
    expect(part(page, "read-paper")).to_have_text(re.compile(r"The judge reads \d, \d+\xa0% sure\."))
    expect(part(page, "read-copy")).not_to_be_empty()
    part(page, "clear").click()
    expect(part(page, "read-paper")).to_be_empty()
    expect(part(page, "drawn")).to_have_text("Nothing drawn yet.")


def test_all_can_be_done_with_the_keyboard(grid_file, open_page):
    page = ready(open_page(grid_file))
    reached, pressed = [], {"paper": ["ArrowDown", " ", "ArrowDown", "ArrowRight", " "], "x": ["End"], "time": ["Home"]}
    for _ in range(60):
        page.keyboard.press("Tab")
        name = page.evaluate("document.activeElement.dataset.live ?? document.activeElement.ariaLabel ?? ''")
        if reached and not name:
            break
        reached.append(name)
        for key in pressed.get(name, ["Enter"] if name == "Digit 2 of seed 3" else []):
            page.keyboard.press(key)
    digits = [f"Digit {k} of seed 3" for k in range(DIGITS)]
    top, bottom = ["seed", "other", "class", "solver", "steps"], ["paper", "clear", "take", "explore"]
    assert reached == [*top, *digits, "play", "time", "plane", "x", "y", *bottom]
    assert page.get_by_label("Digit 2 of seed 3", exact=True).get_attribute("aria-pressed") == "true"
    assert part(page, "t").inner_text() == "0"
    assert part(page, "x").input_value() == "1"
    assert (pixels(page, "[data-live=paper]") > 0).sum() > 4


@pytest.mark.parametrize(("size", "dark"), [("phone", True), pytest.param("desktop", False, marks=pytest.mark.long)])
def test_axe_finds_no_fault_and_nothing_is_too_wide(grid_file, open_page, size, dark):
    page = ready(open_page(grid_file, size, dark=dark))
    for plane in ("corners", "axes"):
        part(page, "plane").select_option(plane)
        assert overflow(page) == 0
        assert faults(page) == []


def test_without_scripts_the_page_says_so(grid_file, open_page):
    page = open_page(grid_file, javascript=False)
    expect(page.get_by_text("needs scripts")).to_be_visible()


def test_a_name_is_text_and_the_policy_is_strict(grid_file, open_page):
    text = grid_file.read_text(encoding="utf-8")
    (policy,) = re.findall('Content-Security-Policy" content="([^"]*)"', text)
    own = "'sha256-[A-Za-z0-9+/=]{44}'"
    wanted = f"default-src 'none'; script-src {own}; style-src {own}; base-uri 'none'; form-action 'none'"
    assert re.fullmatch(wanted, policy)
    assert ready(open_page(grid_file)).get_by_role("heading", level=1).inner_text() == NAME


def test_a_model_too_large_for_a_page_is_refused(monkeypatch):
    monkeypatch.setattr(live, "MOST_NUMBERS", 100)
    with pytest.raises(LiveError, match="a page runs at most 100; show its samples as pictures"):
        live_page(fresh("vector").bundle_arrays(), "large")
