import pytest

from flowleague.entrant.model import Facts, WeightFile
from flowleague.scorecard.metrics import evaluate


def measure_sizes(facts):
    return {name.partition(".")[2]: figure for name, figure in evaluate(facts, "facts").items()}


def test_all_tensors_of_all_files_are_counted():
    files = (WeightFile("vae", "0" * 64, 100, 20), WeightFile("flow", "1" * 64, 300, 70))
    sizes = measure_sizes(Facts(weights=files, parameters=85, nfe=20, flops=12345))
    assert {name: figure.value for name, figure in sizes.items()} == {
        "tensors_total": 90,
        "weight_bytes": 400,
        "parameters_official": 85,
        "nfe": 20,
        "flops": 12345,
    }


@pytest.mark.parametrize(
    ("files", "reachable", "total"), [((), 70, 70), ((60,), None, 60), ((60,), 70, 70), ((60,), 5, 60)]
)
def test_the_larger_count_is_taken(files, reachable, total):
    weights = tuple(WeightFile("x", "0" * 64, 4 * n, n) for n in files)
    assert measure_sizes(Facts(weights=weights, reachable=reachable))["tensors_total"].value == total


def test_what_is_not_known_is_not_reported():
    assert {figure.reason for figure in measure_sizes(Facts()).values()} == {"not reported"}


def test_a_model_without_numbers_is_not_the_smallest():
    sizes = measure_sizes(Facts(weights=(), reachable=0))
    assert sizes["tensors_total"].value is None
    assert "no numbers" in sizes["tensors_total"].reason
