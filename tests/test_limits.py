import msgspec
import pytest

from flowleague.errors import LimitsError
from flowleague.limits import Limits, read_limits


def written(folder, text):
    path = folder / "limits.toml"
    path.write_text(text)
    return path


def test_a_table_changes_what_it_names(tmp_path):
    contest = written(tmp_path, '[contest]\nname = "x"\n[limits]\nmemory_mib = 512\ncall_seconds = 2.5\n')
    assert read_limits(contest) == Limits(memory_mib=512, call_seconds=2.5)
    assert read_limits(written(tmp_path, "processes = 9\n")) == Limits(processes=9)
    assert read_limits(written(tmp_path, "")) == Limits()
    assert read_limits(written(tmp_path, "\ufeffprocesses = 9\n")) == Limits(processes=9)  # as Windows saves it


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ('memory_mib = "much"', "memory_mib"),
        ("processes = 0", "processes"),
        ("call_seconds = -1.0", "call_seconds"),
        ("cpu_seconds = 1.5", "cpu_seconds"),
        ("memory_mb = 1", "memory_mb"),
        ("[limits]\nlimits = 3", "limits"),
        ("[limits]\ntmp_mib = [1]", "tmp_mib"),
    ],
)
def test_an_error_names_the_key(tmp_path, text, key):
    with pytest.raises(LimitsError, match=f"the limit {key} is wrong"):
        read_limits(written(tmp_path, text))


def test_what_is_no_toml_or_no_file_is_refused(tmp_path):
    with pytest.raises(LimitsError, match="not TOML"):
        read_limits(written(tmp_path, "memory_mib 4"))
    with pytest.raises(LimitsError, match="cannot be read"):
        read_limits(tmp_path / "none.toml")


def test_limits_travel_as_plain_numbers():
    assert msgspec.json.decode(msgspec.json.encode(Limits().words()), type=Limits) == Limits()
