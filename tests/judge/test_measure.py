"""The whole measurement: the same bytes twice, and hostile functions that spoil their own category alone."""

import dataclasses

import msgspec
import numpy as np
import pytest
from tests.judge.conftest import TINY

from flowleague.data import Split, load_test
from flowleague.entrant.model import EntrantFinding, Facts, Model, WeightFile
from flowleague.errors import EntryError
from flowleague.judge.evidence import RealDigits
from flowleague.judge.measure import measure, measure_model
from flowleague.scorecard.card import Timing, contradiction, parse_scorecard, to_json
from flowleague.scorecard.metrics import METRICS

FACTS = Facts("mine", (WeightFile("vae.safetensors", "0" * 64, 4100, 1000),), 990, 20, 5_000_000, ())


def encode(images):
    return images.reshape(len(images), 784)[:, ::16]


def decode(latents):
    return np.repeat(latents, 16, axis=1).reshape(-1, 1, 28, 28).clip(0, 1)


def generate(n, seed):
    return np.random.default_rng(seed).random((n, 1, 28, 28), np.float32)


@pytest.fixture(scope="module")
def score(tiny, judges):
    def score_of(latent_limits=(3, 49), **functions):
        honest = {"encode": encode, "decode": decode, "generate": generate, "facts": FACTS}
        return measure_model(Model(**(honest | functions)), tiny, judges, "mnist", latent_limits=latent_limits)

    return score_of


@pytest.fixture(scope="module")
def card(score):
    return score()


def without_timing(card):
    return to_json(msgspec.structs.replace(card, timing=Timing()))


def test_two_runs_write_the_same_bytes_but_for_the_timing(card, score):
    assert without_timing(card) == without_timing(score())
    assert card.timing != Timing()


def test_measure_needs_three_functions_and_no_more():
    told = []
    card = measure(encode, decode, generate, plan=TINY, progress=lambda what, share: told.append((what, share)))
    assert card.name == "unnamed"
    assert card.metrics()["reconstruction.mse"].value is not None
    assert len(card.judges) == 2
    assert [share for _, share in told] == sorted(share for _, share in told)
    assert told[-1] == ("done", 1.0)


def test_the_card_holds_every_metric_and_survives_the_file(card):
    assert list(card.metrics()) == list(METRICS)
    assert contradiction(card) == ""
    assert parse_scorecard(to_json(card)) == card


def test_the_card_says_what_was_measured(card, judges, tiny):
    assert [judge.sha256 for judge in card.judges] == [judge.sha256 for judge in judges]
    assert card.data_sha256 == tiny.sha256
    assert card.latent_size == 49
    assert card.weights[0].numbers == 1000
    found = card.metrics()
    assert found["efficiency.tensors_total"].value == 1000
    assert found["efficiency.parameters_official"].value == 990
    assert found["efficiency.time_ratio"].value > 0
    assert found["quality.frechet"].n == 5 * TINY.samples
    assert len(found["quality.frechet"].repeats) == 5
    assert set(found["quality.frechet"].detail) == {"left", "right"}
    assert found["training_performance.vae_final_mse"].reason == "not reported"


def test_a_better_autoencoder_gets_a_better_reconstruction(card, score):
    flat, square = lambda x: x.reshape(-1, 784), lambda z: z.reshape(-1, 1, 28, 28).clip(0, 1)
    whole = score(encode=flat, decode=square, latent_limits=(784, 784))
    assert whole.metrics()["reconstruction.mse"].value == 0
    assert card.metrics()["reconstruction.mse"].value > 0.02
    assert whole.metrics()["reconstruction.ssim"].value > card.metrics()["reconstruction.ssim"].value


def spoilt(function, change):
    return lambda *arguments: change(function(*arguments))


def with_first(array, value):
    array.flat[0] = value
    return array


def raising(*_):
    raise RuntimeError("out of\nluck \x1b[31m")


def leaving(*_):
    raise SystemExit(0)


CHANGES = {
    "nan": ("not_finite", lambda a: with_first(a, np.nan)),
    "inf": ("not_finite", lambda a: with_first(a, -np.inf)),
    "huge float64": ("not_finite", lambda a: with_first(a.astype(np.float64), 1e300)),
    "complex": ("wrong_type", lambda a: a.astype(np.complex64)),
    "integer": ("wrong_type", lambda a: (a * 255).astype(np.uint8)),
    "boolean": ("wrong_type", lambda a: a > 0.5),
    "object": ("wrong_type", lambda a: a.astype(object)),
    "list": ("not_an_array", lambda a: a.tolist()),
    "nothing": ("not_an_array", lambda a: None),
    "scalar": ("wrong_shape", lambda a: np.ones((), np.float32)),
}
IMAGE_CHANGES = CHANGES | {
    "flat": ("wrong_shape", lambda a: a.reshape(len(a), 784)),
    "no channel": ("wrong_shape", lambda a: a[:, 0]),
    "too many": ("wrong_shape", lambda a: np.concatenate([a, a])),
    "too few": ("too_few", lambda a: a[:-1]),
    "none at all": ("too_few", lambda a: a[:0]),
    "above one": ("out_of_range", lambda a: a + 0.01),
    "below zero": ("out_of_range", lambda a: a - 1),
}
SPOILS = {
    "encode": {"reconstruction", "consistency"},
    "decode": {"reconstruction", "consistency"},
    "generate": {"quality", "diversity", "efficiency"},
}


def check(card, function, name):
    spoilt_categories = SPOILS[function]
    assert {f.category for f in card.findings} == spoilt_categories
    assert name in {f.name for f in card.findings}
    for full_name, metric in card.metrics().items():
        category = full_name.split(".")[0]
        if category in {"reconstruction", "consistency", "quality", "diversity"}:
            assert (metric.value is None) == (category in spoilt_categories), full_name
            assert (name in metric.reason) == (category in spoilt_categories), full_name
    assert card.metrics()["efficiency.tensors_total"].value == 1000
    assert contradiction(card) == ""
    assert parse_scorecard(to_json(card)) == card


@pytest.mark.parametrize("case", IMAGE_CHANGES)
def test_hostile_samples_spoil_quality_and_diversity_alone(score, case):
    name, change = IMAGE_CHANGES[case]
    check(score(generate=spoilt(generate, change)), "generate", name)


@pytest.mark.parametrize("case", ["nan", "complex", "integer", "list", "above one", "flat", "too few"])
def test_hostile_decodings_spoil_the_autoencoder_alone(score, case):
    name, change = IMAGE_CHANGES[case]
    check(score(decode=spoilt(decode, change)), "decode", name)


@pytest.mark.parametrize("case", CHANGES)
def test_hostile_latents_spoil_the_autoencoder_alone(score, case):
    name, change = CHANGES[case]
    check(score(encode=spoilt(encode, change)), "encode", name)


@pytest.mark.parametrize("function", SPOILS)
@pytest.mark.parametrize("fault", [raising, leaving])
def test_functions_that_raise_are_named_and_quoted_safely(score, function, fault):
    card = score(**{function: fault})
    check(card, function, "raises")
    sentence = card.findings[0].sentence
    assert sentence.startswith(f"{function} raised {'RuntimeError' if fault is raising else 'SystemExit'}: ")
    assert sentence.isprintable()


def test_a_latent_size_that_changes_is_found(score):
    card = score(encode=lambda x: encode(x)[:, : 10 + len(x) % 7])
    assert "wrong_shape" in {f.name for f in card.findings} or card.latent_size is not None


@pytest.mark.parametrize("size", [2, 50, 784])
def test_a_latent_outside_the_limits_spoils_the_autoencoder_alone(score, size):
    card = score(encode=lambda x: x.reshape(-1, 784)[:, :size], decode=lambda z: np.zeros((len(z), 1, 28, 28), "f4"))
    check(card, "encode", "latent_size")
    assert card.latent_size == size
    assert f"returned {size} numbers per image where 3 to 49 are allowed" in card.findings[0].sentence


@pytest.mark.parametrize("size", [3, 49])
def test_a_latent_at_a_limit_is_measured(score, size):
    card = score(encode=lambda x: x.reshape(-1, 784)[:, :size], decode=lambda z: np.zeros((len(z), 1, 28, 28), "f4"))
    assert card.findings == ()
    assert card.metrics()["reconstruction.mse"].value is not None


def test_a_failure_of_the_entry_keeps_its_name(score):
    def slow(*_):
        raise EntryError("too_slow", "decode took 61 s.\x1b", "Do less.")

    card = score(decode=slow)
    check(card, "decode", "too_slow")
    assert card.findings[0].sentence == "decode took 61 s.?"


def test_findings_and_counts_of_the_facts_reach_the_card(score):
    found = (
        EntrantFinding("weights_unavailable", "No\nweights.", "Share them."),
        EntrantFinding("odd", "Odd.", "Mend it.", category="quality"),
        EntrantFinding("lost", "Lost.", "Find it.", category="nowhere"),
    )
    card = score(facts=dataclasses.replace(FACTS, findings=found, reachable=9000))
    assert [(f.name, f.category) for f in card.findings] == [
        ("odd", "quality"),
        ("weights_unavailable", "efficiency"),
        ("lost", "efficiency"),
        ("parameters_disagree", "efficiency"),
    ]
    total = card.metrics()["efficiency.tensors_total"]
    assert total.value == 9000
    assert total.detail == {"weight_files": 1000, "reachable": 9000}
    assert parse_scorecard(to_json(card)) == card


def test_functions_cannot_change_the_evaluators_arrays(score, card):
    def vandal(images):
        latents = encode(images).copy()
        images[:] = 0
        return latents

    assert without_timing(score(encode=vandal)) == without_timing(card)


def test_test_images_are_encoded_once_and_again_where_that_failed(score, tiny):
    asked = []

    def counting(images):
        asked.append(len(images))
        return encode(images)

    def failing_once(images):
        asked.append(len(images))
        if len(asked) == 1:
            raise ValueError("once")
        return encode(images)

    score(encode=counting)
    whole = asked.count(len(tiny.test))
    asked.clear()
    assert score(encode=failing_once).metrics()["consistency.midpoint_confidence"].value is not None
    assert asked.count(len(tiny.test)) == whole + 1


def test_samples_that_ignore_the_seed_are_found_and_still_measured(score):
    card = score(generate=lambda n, seed: generate(n, 0))
    assert [f.name for f in card.findings] == ["ignores_seed", "stored_bank"]
    assert card.metrics()["diversity.recall"].value is not None


def test_samples_that_change_under_one_seed_are_found(score):
    rng = np.random.default_rng(0)
    card = score(generate=lambda n, seed: rng.random((n, 1, 28, 28), np.float32))
    assert [f.name for f in card.findings] == ["not_reproducible"]


def test_a_log_of_nonsense_is_a_finding(score):
    log = ({"stage": "vae", "images": -1, "validation": {"mse": 0.1}},)
    card = score(facts=dataclasses.replace(FACTS, log=log))
    assert [(f.name, f.category) for f in card.findings] == [("training_log", "training_performance")]
    assert card.metrics()["quality.frechet"].value is not None


@pytest.mark.parametrize(("share", "found"), [(0.4, ["training_log"]), (0.6, [])])
def test_a_log_that_ends_far_below_the_error_of_validation_images_is_a_finding(score, training, judges, share, found):
    bright = Split(255 - training.validation.images, training.validation.labels)  # another error than that of the test
    digits = RealDigits(training.train, load_test(), TINY, bright)
    x = bright.pixels(TINY.samples)
    end = share * float(((decode(encode(x)) - x) ** 2).mean())
    log = ({"stage": "vae", "images": 256, "epochs": 0.005, "seconds": 1.0, "validation": {"mse": end}},)
    card = measure_model(Model(encode, decode, generate, dataclasses.replace(FACTS, log=log)), digits, judges, "mnist")
    assert [f.name for f in card.findings] == found


def test_a_log_beside_functions_that_fail_is_believed(score):
    log = ({"stage": "vae", "images": 256, "epochs": 0.005, "seconds": 1.0, "validation": {"mse": 0.01}},)
    card = score(encode=raising, facts=dataclasses.replace(FACTS, log=log))
    assert card.metrics()["training_performance.vae_final_mse"].value == 0.01


def test_seeds_of_a_contest_are_used_and_not_named(tiny, judges, card):
    asked = []

    def noted(n, seed):
        asked.append((n, seed))
        return generate(n, seed)

    model = Model(encode, decode, noted, FACTS)
    secret = measure_model(model, tiny, judges, "mnist", seeds=(5, 6, 7, 8, 9))
    assert [seed for n, seed in asked if n == tiny.plan.samples][:5] == [5, 6, 7, 8, 9]
    assert secret.seeds == ()
    assert not {seed for _, seed in asked} & set(card.seeds)
    assert secret.metrics()["quality.frechet"] != card.metrics()["quality.frechet"]
    assert (
        secret.metrics()["consistency.gaussian_confidence_gap"] != card.metrics()["consistency.gaussian_confidence_gap"]
    )
