import numpy as np
import pytest

from flowleague.judge.cache import cached


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setattr("flowleague.judge.cache.cache_folder", lambda *_: tmp_path / "cache")
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
