import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flowleague.scorecard.metrics import evaluate
from flowleague.scorecard.metrics._base import Unmeasurable
from flowleague.scorecard.metrics.training import VAE_HORIZON, Point, area, check_pace, falling, read_log


def measure_training(log):
    return {name.partition(".")[2]: figure for name, figure in evaluate(read_log(log), "log").items()}


def line(stage, images, **validation):
    return {
        "stage": stage,
        "images": images,
        "epochs": images / 55_000,
        "seconds": images / 1000,
        "validation": validation,
    }


VAE = [line("vae", 55_000 * k, mse=mse, kl=9.0, loss=mse + 0.01) for k, mse in ((1, 0.02), (2, 0.01), (4, 0.005))]
FLOW = [line("flow", 100_000 * k, loss=loss) for k, loss in ((1, 2.0), (2, 1.2), (3, 1.04), (4, 1.0))]


def values(log):
    return {name: figure.value for name, figure in measure_training(log).items()}


def test_targets_final_values_and_areas():
    found = values(VAE + FLOW)
    assert found["vae_images_to_easy_target"] == 110_000
    assert found["vae_epochs_to_hard_target"] == 4
    assert found["vae_seconds_to_hard_target"] == 220
    assert found["flow_images_to_target"] == 300_000  # 2.0 - 0.95 (2.0 - 1.0) = 1.05
    assert (found["vae_final_mse"], found["vae_final_loss"], found["flow_final_loss"]) == (0.005, 0.015, 1.0)
    # level, two slopes, level: in epochs, over ten
    assert found["vae_curve_area"] == pytest.approx((0.02 + 0.015 + 2 * 0.0075 + 6 * 0.005) / 10)


def test_what_was_not_reported_or_not_reached_says_so():
    assert {figure.reason for figure in measure_training(None).values()} == {"not reported"}
    figures = measure_training(VAE[:2])
    assert figures["vae_images_to_hard_target"].reason == "not reached: the best is 0.01"
    assert figures["flow_final_loss"].reason == "not reported"


def test_a_flow_that_never_improved_has_not_converged():
    assert measure_training([FLOW[0], line("flow", 200_000, loss=3.0)])["flow_images_to_target"].value is None


def test_the_flow_target_does_not_care_about_the_scale_of_latents():
    scaled = [line("flow", entry["images"], loss=7 * entry["validation"]["loss"]) for entry in FLOW]
    assert values(scaled)["flow_images_to_target"] == values(FLOW)["flow_images_to_target"]
    assert values(scaled)["flow_curve_area"] == pytest.approx(values(FLOW)["flow_curve_area"])


@pytest.mark.parametrize("wrong", [-1, math.nan, math.inf, 10**400, "0.01", None, True, [0.1]])
def test_nonsense_in_the_log_is_a_finding(wrong):
    with pytest.raises(Unmeasurable, match="training log"):
        measure_training([line("vae", 1, mse=wrong)])
    with pytest.raises(Unmeasurable, match="training log"):
        measure_training([line("vae", 1, mse=0.1) | {"images": wrong}])


def test_a_log_that_goes_back_is_a_finding():
    with pytest.raises(Unmeasurable, match="goes back"):
        measure_training(VAE[::-1])


@given(st.lists(st.floats(0, 10), min_size=1, max_size=9))
def test_area_lies_between_the_extremes(losses):
    points = [Point(100_000.0 * (k + 1), k, k, value) for k, value in enumerate(losses)]
    mean = area(points, VAE_HORIZON).value
    assert mean is not None
    assert min(losses) - 1e-9 <= mean <= max(losses) + 1e-9
    assert all(p.value >= 0 for p in falling(points))


def test_a_constant_curve_has_its_own_area():
    assert area([Point(2.0 * VAE_HORIZON, 20, 1, 0.3)], VAE_HORIZON).value == pytest.approx(0.3)


@pytest.mark.parametrize(("line", "words"), [
    ({**VAE[1], "epochs": 3.0}, "the epochs of the vae stage are not images / n"),
    ({**VAE[1], "step": 100}, "the images of the vae stage are not step x batch"),
])  # fmt: skip
def test_a_log_whose_numbers_mean_something_else_is_rejected(line, words):
    log = [{**VAE[0], "step": 1000}, line, VAE[2]]
    with pytest.raises(Unmeasurable, match=words):
        read_log(log)


def test_steps_of_one_batch_and_epochs_of_one_split_are_accepted():
    log = [{**record, "step": round(record["images"] / 256)} for record in VAE]
    assert values(log)["vae_final_mse"] == 0.005


def at(factor, step=1000):
    """The log, in so many times its seconds, with steps of a batch."""
    return read_log(
        [{**record, "seconds": factor * record["seconds"], "step": record["images"] // step} for record in VAE + FLOW]
    )


def test_a_log_of_a_pace_that_machines_have_is_accepted():
    check_pace(at(1), 10**7, 2)
    check_pace(at(1e-2), None, None)
    check_pace(read_log(None), 10**7, 2)


def test_steps_in_no_time_are_found():
    with pytest.raises(Unmeasurable, match=r"22,000 steps in 0.02\d* s are more than a machine can do"):
        check_pace(at(1e-4, step=10), None, None)


def test_operations_that_no_machine_does_are_found():
    # 200,000 images of the flow at 2 evaluations, 3 passes each: 6e5 samples' worth in 620 s
    check_pace(at(1), 10**14, 2)
    with pytest.raises(Unmeasurable, match="operations a second"):
        check_pace(at(1), 2 * 10**14, 2)


def test_a_model_without_velocity_is_held_to_its_decoder():
    with pytest.raises(Unmeasurable, match="operations a second"):
        check_pace(at(1), 10**14, 0)
