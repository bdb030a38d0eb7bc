"""Code in many styles, captured, in the page: what Python replays, on whole portions and on few rows."""

import pytest
import torch
from tests.program.test_styles import CASES
from tests.styles import BATCH, digits, inputs_of

from flowleague.errors import FlowLeagueError, LiveError
from flowleague.live.entry import block, plans_of
from flowleague.live.page import SOURCES
from flowleague.program.capturing.function import capture_function
from flowleague.program.format import Entry
from flowleague.program.interpreter import Runner, loaded, replay

RUN = """([data, n, rows]) => whole(replays(data)("x", n, 5, ...rows.map((images) => images.map((image) =>
  Float32Array.from(image))))).map((row) => [...row])"""


@pytest.fixture(scope="module")
def runtime(chromium):
    page = chromium.new_page()
    page.add_script_tag(content="\n".join(SOURCES))
    yield page
    page.close()


@pytest.mark.long
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", sorted(CASES))
def test_a_style_runs_in_the_page_as_in_python(name, runtime):
    kind, factory = CASES[name]
    torch.manual_seed(0)
    function = factory()
    call = (lambda given: function(given[0])) if kind == "enc" else (lambda _given: function())
    try:
        made = capture_function(call, inputs_of(kind), 0)
        entry = Entry(BATCH, {"x": made.program}, made.constants)
        plans = [plans_of("x", entry, rows) for rows in ((BATCH,), (1, 3))]
    except LiveError as error:
        pytest.skip(str(error))
    except FlowLeagueError:
        pytest.skip("it is not captured")
    images = digits(BATCH, 77) if made.program.inputs else None
    wanted = replay(Runner(made.program, loaded(entry)), BATCH, 5, images).flatten(1)
    for plan, n in zip(plans, (BATCH, 3), strict=True):
        n = max(n, plan[0]["rows"])
        given = [] if images is None else [images[:n].flatten(1).tolist()]
        rows = runtime.evaluate(RUN, [{"batch": BATCH, "programs": {"x": plan}, **block(entry)}, n, given])
        torch.testing.assert_close(torch.tensor(rows, dtype=wanted.dtype), wanted[:n], atol=1e-4, rtol=1e-4)
