"""Jobs of Ray, without a cluster: files as bytes, and clusters that do not answer."""

import sys
import types

import pytest
from tests.engines.jobs import writing

from flowleague.engines.ray import Ray, measure_there
from flowleague.errors import EngineError


def test_a_worker_of_ray_reads_and_writes_bytes_in_a_folder_of_its_own(tmp_path):
    from flowleague.engines.ray import _parcel

    command, files = _parcel(writing(tmp_path))
    assert list(files.values()) == [b"word"]
    assert not any(str(tmp_path) in str(part) for part in command)
    end, made = measure_there(command, files, 1, 60)
    assert (end.status, made["made.txt"]) == (0, b"WORD")


def test_without_ray_the_extra_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(EngineError, match=r"pip install 'flowleague\[ray\]'"):
        Ray()


def test_an_address_where_nobody_listens_is_refused_at_once(monkeypatch):
    monkeypatch.setitem(sys.modules, "ray", types.ModuleType("ray"))  # Ray itself would try for minutes
    with pytest.raises(EngineError, match=r"No cluster of Ray answers at ray://127.0.0.1:1; .*refused"):
        Ray("ray://127.0.0.1:1")
