import subprocess
import sys
import sysconfig
from pathlib import Path

from flowleague.entrant.sandbox.libraries import needed


def test_libraries_are_those_that_the_linker_loads():
    import _ctypes
    import zlib

    modules = [Path(file) for module in (_ctypes, zlib) if (file := getattr(module, "__file__", None))]
    found = {place.name for place in needed([Path(sys.executable).resolve(), *modules])}
    said = subprocess.run(["ldd", sys.executable, *modules], capture_output=True, text=True, check=True).stdout
    loaded = {Path(line.split()[0]).name for line in said.splitlines() if " => " in line or "ld-linux" in line}
    assert loaded <= found
    assert found - loaded <= {"libgcc_s.so.1", "libm.so.6", "libpthread.so.0", "libdl.so.2"}


def test_what_is_no_library_needs_nothing(tmp_path: Path):
    (tmp_path / "text.so").write_text("INPUT(libc.so.6)")
    (tmp_path / "empty.so").touch()
    assert needed(tmp_path.iterdir()) == needed([])


def test_places_have_no_link_in_their_folder():
    for place, file in needed([Path(sysconfig.get_config_var("BINDIR"), "python3").resolve()]).items():
        assert place.parent == place.parent.resolve()
        assert file == file.resolve()
