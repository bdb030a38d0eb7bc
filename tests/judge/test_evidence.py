import numpy as np
import pytest

from flowleague.judge import evidence
from flowleague.judge.evidence import cached, look


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setattr(evidence, "cache_folder", lambda *_: tmp_path / "cache")
    return tmp_path / "cache"


class Counter:
    def __init__(self):
        self.calls = 0

    def __call__(self):
        self.calls += 1
        return {"x": np.arange(5.0)}


def test_the_cache_computes_once(folder):
    compute = Counter()
    first, second = (cached("key", 5, compute) for _ in range(2))
    np.testing.assert_array_equal(first["x"], second["x"])
    assert compute.calls == 1
    cached("other key", 5, compute)
    assert compute.calls == 2


@pytest.mark.parametrize("damage", [b"", b"nonsense", None])
def test_a_damaged_cache_is_computed_again(folder, damage):
    compute = Counter()
    cached("key", 5, compute)
    (file,) = folder.iterdir()
    file.write_bytes(file.read_bytes()[:-40] if damage is None else damage)
    np.testing.assert_array_equal(cached("key", 5, compute)["x"], np.arange(5.0))
    assert compute.calls == 2
    cached("key", 5, compute)
    assert compute.calls == 2


def test_a_cache_that_cannot_be_written_is_no_error(folder):
    folder.write_bytes(b"a file where the folder should be")
    np.testing.assert_array_equal(cached("key", 5, Counter())["x"], np.arange(5.0))


def test_the_chosen_images_are_real_and_mixed(digits):
    assert len(digits.test) == len(digits.chosen) == digits.plan.samples
    assert len(np.unique(digits.test.labels[:200])) == digits.classes == 10
    train = {image.tobytes() for image in digits.train.images}
    assert all(image.tobytes() in train for image in digits.chosen.images[:50])


def test_real_images_seen_again_have_no_gap(seen, digits):
    assert all(s.frequencies.sum() == pytest.approx(1) for s in seen)
    for s, view in zip(seen, look(digits.test.pixels(), seen), strict=True):
        assert (view.classes == digits.test.labels).mean() == s.accuracy
        assert view.unfamiliar.mean() <= 0.002 + 1e-9  # 0.1 % for each of two judges


def test_noise_is_unfamiliar(seen):
    noise = np.random.default_rng(0).random((100, 1, 28, 28), np.float32)
    (left, right) = look(noise, seen)
    assert left.unfamiliar.mean() > 0.9
    np.testing.assert_array_equal(left.unfamiliar, right.unfamiliar)
    np.testing.assert_allclose(left.log_probabilities[left.unfamiliar], np.log(0.1), rtol=1e-6)
