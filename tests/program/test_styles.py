import pytest
import torch
from tests.program.styles import arrays, layers, noise, outside, refining, samplers, values, writes
from tests.styles import outcome

MODULES = (arrays, layers, noise, outside, refining, samplers, values, writes)
CASES = {name: case for module in MODULES for name, case in module.CASES.items()}
REFUSED = arrays.REFUSED | values.REFUSED | outside.REFUSED | samplers.REFUSED


@pytest.fixture(autouse=True)
def _quiet():
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.mark.filterwarnings("ignore")  # of code in older styles
@pytest.mark.parametrize("name", sorted(CASES))
def test_a_style_is_captured_or_refused_with_the_way_out(name):
    made = outcome(name, *CASES[name])
    if name in REFUSED:
        assert (made.verdict, REFUSED[name] in made.sentence) == ("refused", True), made.sentence
    else:
        assert (made.verdict, made.sentence) == ("replays", "")
