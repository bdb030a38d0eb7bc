import pytest

from flowleague.bundle.read import read_bundle
from flowleague.report.losses import losses
from flowleague.report.missing import Missing


def record(images, value, stage="flow"):
    return {"stage": stage, "images": images, "epochs": images / 100, "seconds": images / 10, "loss": value + 0.1,
            "validation": {"loss": value, "mse": value / 2}}  # fmt: skip


def test_curves_are_what_the_log_says(bundle):
    log = read_bundle(bundle).log
    found = losses(log, "vae")
    assert [curve.name for curve in found.curves] == ["training loss", "validation MSE", "validation loss"]
    last = [line for line in log if line["stage"] == "vae"][-1]
    assert found.curves[1].points[-1] == (last["images"], last["validation"]["mse"])
    assert found.seconds == last["seconds"]


def test_the_late_fall_is_that_of_the_last_quarter():
    found = losses([record(25, 4.0), record(75, 2.0), record(100, 1.5)], "flow")
    assert found.late_fall == pytest.approx(0.25)


@pytest.mark.parametrize(
    ("log", "said"),
    [
        ([], "no training log of the flow stage"),
        ([record(10, 1.0, "vae")], "no training log of the flow stage"),
        ([record(10, 1.0)], "fewer than two records"),
        ([record(20, 1.0), record(10, 1.0)], "goes back"),
        ([{**record(10, 1.0), "images": "<b>"}], "<b>"),
    ],
)
def test_what_makes_no_curve_is_missing(log, said):
    with pytest.raises(Missing, match=said):
        losses(log, "flow")
