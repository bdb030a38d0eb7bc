"""The official protocol against its published definitions, written out a second time with numpy and scikit-image."""

import dataclasses
import math

import numpy as np
import pytest
import safetensors.torch
import torch
from skimage.metrics import structural_similarity

from flowleague.data import Split
from flowleague.edition2025 import protocol as official
from flowleague.edition2025.protocol import (
    OfficialJudge,
    class_divergence,
    cleaned,
    load_official_judge,
    measure_official,
    predictive_entropy,
    probabilities,
)
from flowleague.entrant.model import Facts, Model
from flowleague.errors import JudgeError


@pytest.fixture(autouse=True)
def few_samples(monkeypatch):
    """The classifier is heavy: 0.4 GFLOP an image."""
    monkeypatch.setattr(official, "SAMPLES", 40)


@pytest.fixture(scope="module")
def judge():
    torch.manual_seed(0)
    judge = OfficialJudge()
    with torch.no_grad():
        for buffer in judge.buffers():
            if buffer.is_floating_point():
                buffer.add_(0.1 * torch.rand_like(buffer))  # running statistics that differ from a batch's
    return judge


@pytest.fixture(scope="module")
def test_set():
    rng = np.random.default_rng(0)
    return Split(rng.integers(0, 256, (300, 28, 28), np.uint8), rng.integers(0, 10, 300).astype(np.uint8))


def generate(n, seed):
    return np.random.default_rng(seed).random((n, 28, 28), np.float32)


def decode(latents):
    return (6 * latents - 3).reshape(-1, 784)  # logits, flat


MODEL = Model(lambda x: x.reshape(-1, 784), decode, generate, Facts(parameters=321))


def test_the_state_dict_has_the_published_names(judge):
    names = set(judge.state_dict())
    assert {"conv1.weight", "bn1.running_mean", "transitions.0.weight", "fc.bias"} <= names
    assert {f"levels.{i}.{j}.{part}.weight" for i in range(3) for j in range(4) for part in ("conv1", "bn2")} <= names
    assert sum(p.numel() for p in judge.parameters()) == pytest.approx(1.56e6, rel=0.01)


@pytest.mark.parametrize("spelling", ["transitions.{}.weight", "transitions.{}.1.weight"])
def test_a_classifier_file_is_read_in_both_spellings(judge, tmp_path, spelling):
    state = dict(judge.state_dict())
    for i in range(2):
        state[spelling.format(i)] = state.pop(f"transitions.{i}.weight")
    safetensors.torch.save_file(state, tmp_path / "judge.safetensors")
    images = generate(20, 0)[:, None]
    read = probabilities(load_official_judge(tmp_path / "judge.safetensors"), images, "eval", 0)
    np.testing.assert_array_equal(read, probabilities(judge, images, "eval", 0))


def test_a_file_that_is_no_classifier_is_refused_in_a_sentence(tmp_path):
    (tmp_path / "bad.safetensors").write_bytes(b"12345678" * 9)
    safetensors.torch.save_file({"x": torch.zeros(1)}, tmp_path / "other.safetensors")
    for name in ("bad.safetensors", "other.safetensors", "none.safetensors"):
        with pytest.raises(JudgeError, match="does not hold the classifier") as refusal:
            load_official_judge(tmp_path / name)
        assert "\n" not in str(refusal.value)


def test_the_columns_without_a_judge_equal_their_definitions(judge, test_set):
    row = measure_official(MODEL, judge, test_set, "eval")
    x = test_set.images[:256].astype(np.float64) / 255
    y = 1 / (1 + np.exp(-(6 * x - 3)))  # the logits leave [0, 1], so the whole batch gets the sigmoid
    assert row.total_params == 321
    assert row.mse == pytest.approx(((x - y) ** 2).mean(), abs=1e-6)
    expected = np.mean([structural_similarity(a, b, data_range=1) for a, b in zip(x, y, strict=True)])
    assert row.ssim == pytest.approx(expected, abs=1e-6)
    assert row.time_per_sample > 0


def test_entropy_and_divergence_equal_their_definitions():
    rng = np.random.default_rng(0)
    p, q = (rng.dirichlet(np.full(10, 0.3), 500) for _ in range(2))
    assert predictive_entropy(p) == pytest.approx(np.mean([-(r * np.log(r + 1e-8)).sum() for r in p]), abs=1e-12)
    real, generated = ([np.mean(r.argmax(1) == c) for c in range(10)] for r in (p, q))
    expected = sum(a * (math.log(a) - math.log(b)) for a, b in zip(real, generated, strict=True))
    assert class_divergence(p, q) == pytest.approx(expected, abs=1e-12)
    assert class_divergence(p, np.eye(10)[[3, 3]]) == math.inf


def test_the_two_modes_differ_repeat_and_leave_the_judge_alone(judge, test_set):
    before = {name: tensor.clone() for name, tensor in judge.state_dict().items()}
    images = generate(64, 0)[:, None]
    train, again, evaluated = (probabilities(judge, images, mode, 0) for mode in ("train", "train", "eval"))
    np.testing.assert_array_equal(train, again)
    assert np.abs(train - evaluated).max() > 0.01
    assert all(torch.equal(tensor, before[name]) for name, tensor in judge.state_dict().items())


def test_the_global_random_state_is_untouched(judge):
    torch.manual_seed(5)
    probabilities(judge, generate(8, 0)[:, None], "train", 0)
    after = torch.rand(3)
    torch.manual_seed(5)
    assert torch.equal(torch.rand(3), after)


def test_cleaning_squashes_all_or_nothing():
    inside = generate(3, 0)
    np.testing.assert_array_equal(cleaned(inside)[:, 0], inside)
    outside = inside.copy()
    outside[2, 0, 0] = -0.1
    np.testing.assert_allclose(cleaned(outside)[:, 0], 1 / (1 + np.exp(-outside)), rtol=1e-6)


def test_an_unknown_count_is_not_a_number(judge, test_set):
    row = measure_official(dataclasses.replace(MODEL, facts=Facts()), judge, test_set, "train")
    assert math.isnan(row.total_params)
    assert 0.1 <= row.gen_confidence <= 1
