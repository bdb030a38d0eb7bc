"""The wall: a process in bubblewrap that sees Python, torch and one entry, and nothing else of the machine.

What each brick keeps out:

    own user namespace      powers: the entry is user 1000 without capabilities, whoever started it
    own network namespace   every network, the machine's own addresses included
    own process tree        seeing, tracing or killing processes; it dies with its parent, daemons and all
    own file system         all that is not bound read-only below: homes, /etc, /var, /sys, the rest of /dev
    empty environment       tokens and paths
    seccomp                 the system calls of `flowleague.entrant.sandbox.seccomp`
    limits                  memory, processes, file size, processor time (`confine`, from inside); wall time and the
                            memory of all processes together (`Worker`, from outside)

Started by root, the entry runs as an unprivileged user of the machine (`_NOBODY`), because limits on processes do not
bind root. Bubblewrap mounts while it is root in its namespace; then `confine` gives that up. The namespace is
mapped by us, which bubblewrap's `--userns-block-fd` is for.
"""

import functools
import importlib.metadata
import json
import os
import platform
import re
import select
import signal
import subprocess
import sys
import sysconfig
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from flowleague.entrant.sandbox.inside.confine import USER, rlimits
from flowleague.entrant.sandbox.libraries import needed
from flowleague.entrant.sandbox.processes import family
from flowleague.entrant.sandbox.seccomp import MACHINES, seccomp_filter
from flowleague.errors import WallError
from flowleague.limits import MIB, Limits

INSIDE = Path(__file__).parent / "inside"
_SERVED = (
    "torch",
    "numpy",
    "scipy",
    "safetensors",
    "pillow",
    "einops",
    "torchdiffeq",
    "tqdm",
)  # what entries may import beside Python's own modules
_NOBODY = 65534
_ALL_USERS = ["0", "0", str(2**32 - 1)]  # the uid_map of the machine's own root
_SECONDS = 20  # that bubblewrap may be silent on a busy machine; it needs a few hundredths of one
_OLDEST_BWRAP, _OLDEST_LINUX = (0, 8), (5, 14)  # tmpfs with a size limit; processes counted per user namespace
_INSTALL = "install bubblewrap (on Debian and Ubuntu: apt-get install bubblewrap)"

PLAIN = ("-I", "-S", "-B")  # Python without the user's modules, those of site-packages, and writing of bytecode
_ENVIRONMENT = {"HOME": "/home/entrant", "TMPDIR": "/tmp", "LANG": "C.UTF-8"}

Bind = tuple[Path, str]  # a path of this machine, and where it is seen inside, read-only


@dataclass(frozen=True)
class Started:
    """A started process: what to wait for, and the first process behind the wall, whose end is the end of all."""

    process: subprocess.Popen[bytes]
    init: int | None


def start(
    program: str,
    settings: object,
    limits: Limits,
    binds: Iterable[Bind] = (),
    fds: Sequence[int] = (),
    environment: Mapping[str, str] | None = None,
) -> Started:
    """Start a program of `INSIDE` behind the wall, its settings as JSON, its output in pipes; raises `WallError`.

    The program must call `confine` before it does anything else. `fds` stay open for it.
    """
    info, info_end = os.pipe()
    ready_end, ready = os.pipe()
    with tempfile.TemporaryFile() as bpf:
        bpf.write(seccomp_filter())
        bpf.seek(0)
        options = ["--info-fd", str(info_end), "--seccomp", str(bpf.fileno()), *_namespaces(ready_end)]
        options += [*_files(limits), *_bound(binds), "--remount-ro", "/"]
        for name, value in (_ENVIRONMENT | dict(environment or {})).items():
            options += ["--setenv", name, value]
        try:
            process = subprocess.Popen(
                ["bwrap", *options, "--", _python(), *PLAIN, program, json.dumps(settings)],
                pass_fds=(info_end, ready_end, bpf.fileno(), *fds),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
            )
        except OSError as error:
            os.close(info)
            os.close(ready)
            raise WallError(f"The wall needs the program bwrap, which cannot be started: {_INSTALL}.") from error
        finally:
            os.close(info_end)
            os.close(ready_end)
    import resource  # Windows has none, and no sandbox

    try:
        init = _first_process(info)
        for kind, soft, hard in rlimits(limits.words()):  # of the first process, which an entry might take over
            resource.prlimit(init, kind, (soft, hard))
        if os.getuid() == 0:
            for kind in ("uid", "gid"):
                Path(f"/proc/{init}/{kind}_map").write_text(f"0 0 1\n{USER} {_NOBODY} 1\n")
            os.write(ready, b"1")
    except (ValueError, OSError) as error:
        said = _end(process)
        raise WallError(f"The wall cannot be built: {said or error}; {_hint()}.") from error
    finally:
        os.close(info)
        os.close(ready)
    return Started(process, init)


def start_openly(
    program: str, settings: object, fds: Sequence[int] = (), environment: Mapping[str, str] | None = None
) -> Started:
    """Start a program of `INSIDE` without any wall: for code that is trusted."""
    process = subprocess.Popen(
        [sys.executable, *PLAIN, program, json.dumps(settings)],
        pass_fds=fds,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=os.environ | dict(environment or {}),
        start_new_session=True,  # as behind the wall: Linux shares the processor among sessions
    )
    return Started(process, None)


def _end(process: subprocess.Popen[bytes]) -> str:
    """Kill bubblewrap with all that it started, which may wait for us for ever; returns the last line that it said."""
    for one in family(process.pid):
        with suppress(ProcessLookupError):
            os.kill(one, signal.SIGKILL)
    try:
        said = process.communicate(timeout=_SECONDS)[1].decode(errors="replace").strip().splitlines()
    except subprocess.TimeoutExpired:  # someone else holds its pipes
        return ""
    return said[-1] if said else ""


def _first_process(info: int) -> int:
    """The process id, in our eyes, of the first process inside, from what bubblewrap writes; raises ValueError."""
    told = b""
    while not told.rstrip().endswith(b"}"):
        if not select.select([info], [], [], _SECONDS)[0]:
            raise ValueError(f"bubblewrap said nothing for {_SECONDS} s")
        part = os.read(info, 4096)
        if not part:
            raise ValueError("bubblewrap ended before it began")
        told += part
    return int(json.loads(told)["child-pid"])


def _namespaces(ready: int) -> list[str]:
    options = ["--unshare-user", "--unshare-pid", "--unshare-net", "--unshare-ipc", "--unshare-uts"]
    options += ["--unshare-cgroup-try", "--die-with-parent", "--new-session", "--hostname", "entrant", "--clearenv"]
    options += ["--cap-drop", "ALL"]
    if os.getuid() == 0:
        powers = ["--cap-add", "CAP_SETUID", "--cap-add", "CAP_SETGID"]  # which `confine` uses up
        return [*options, *powers, "--userns-block-fd", str(ready)]
    return [*options, "--uid", str(USER), "--gid", str(USER)]


def _files(limits: Limits) -> list[str]:
    """An almost empty system: Python and its libraries, three devices, and two places to write that lie in memory."""
    options = ["--proc", "/proc", "--tmpfs", "/dev", "--perms", "0755", "--dir", "/home"]
    options += ["--perms", "0755", "--dir", "/home/entrant"]
    for device in ("null", "random", "urandom"):  # not zero, whose shared mappings are memory that nothing counts
        options += ["--dev-bind", f"/dev/{device}", f"/dev/{device}"]
    for place, mib in (("/tmp", limits.tmp_mib), ("/dev/shm", min(limits.tmp_mib, 16))):
        options += ["--perms", "1777", "--size", str(mib * MIB), "--tmpfs", place]
    options += ["--remount-ro", "/dev"]
    options += ["--symlink", "/tmp/entry", "/content"]  # the working directory of Colab is the entry's own
    for place in ("/lib", "/lib64"):
        options += ["--symlink", os.readlink(place), place] if Path(place).is_symlink() else []
    return options


@functools.cache
def _system() -> tuple[Bind, ...]:
    """What is seen of the system, each at its own place: Python, its modules, and the libraries that these load."""
    places = [Path(place) for place in ("/etc/ld.so.cache", "/usr/lib/locale/C.utf8", "/sys/devices/system/cpu")]
    places += [Path(_python()), Path(_modules())]  # of /sys, OpenMP counts processors
    if (Path(sys.base_prefix) / "conda-meta").is_dir():  # whose libraries open others by name
        places.append(Path(sys.base_prefix) / "lib")
    binaries = [Path(_python()), *Path(_modules(), "lib-dynload").glob("[!_]*.so")]
    binaries += Path(_modules(), "lib-dynload").glob("_[!t]*.so")  # all but _tkinter
    binaries += [file for path in served() if path.is_dir() for file in _shared_objects(path)]
    libraries = {str(place): file for place, file in needed(binaries).items()}
    return tuple((path, str(path)) for path in places if path.exists()) + tuple((f, p) for p, f in libraries.items())


def _modules() -> str:
    return sysconfig.get_path("stdlib", vars={"base": sys.base_prefix, "installed_base": sys.base_prefix})


def _shared_objects(folder: Path) -> Iterator[Path]:
    for top, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if os.path.join(top, name) not in _unused()]
        yield from (Path(top, name) for name in names if name.endswith(".so") or ".so." in name)


@functools.cache
def _unused() -> tuple[str, ...]:
    """Folders of thousands of files that nothing imports."""
    torch = next((path for path in served() if path.name == "torch"), None)
    return tuple(str(torch / name) for name in ("include", "share", "test")) if torch else ()


def _bound(binds: Iterable[Bind]) -> list[str]:
    """Read-only binds, with parents that all may pass: those that bubblewrap makes by itself are closed to others."""
    pairs = [*_system(), *((path, f"/site/{path.name}") for path in served()), (INSIDE, "/inside"), *binds]
    parents = sorted({str(parent) for _, place in pairs for parent in Path(place).parents} - {"/"})
    options = [word for parent in parents for word in ("--perms", "0755", "--dir", parent)]
    for path, place in pairs:
        options += ["--ro-bind", str(path), place]
    installed = sysconfig.get_path("purelib", vars={"base": sys.base_prefix, "platbase": sys.base_prefix})
    hidden = [f"/site/torch/{Path(path).name}" for path in _unused() if Path(path).is_dir()]
    hidden += [str(path) for name in ("test", "idlelib", "ensurepip") if (path := Path(_modules(), name)).is_dir()]
    hidden += [installed] if Path(installed).is_dir() and installed.startswith(_modules()) else []
    for place in hidden:  # of what is installed beside Python, only what `served` names
        options += ["--perms", "0755", "--tmpfs", place, "--remount-ro", place]
    return options


def _python() -> str:
    return os.path.realpath(sys.executable)


@functools.cache
def served() -> tuple[Path, ...]:
    """Files and folders in site-packages of `_SERVED` and what these require, and of nothing else installed there."""
    found: dict[str, Path] = {}
    names, done = list(_SERVED), set()
    while names:
        name = names.pop().lower().replace("_", "-")
        if name in done:
            continue
        done.add(name)
        try:
            distribution = importlib.metadata.distribution(name)
        except importlib.metadata.PackageNotFoundError:  # a requirement of another platform or Python
            continue
        tops = {file.parts[0] for file in distribution.files or ()} - {"..", "__pycache__"}
        found |= {top: Path(str(distribution.locate_file(top))) for top in tops}
        wanted = [line for line in distribution.requires or () if "extra ==" not in line]
        names += [match[0] for line in wanted if (match := re.match(r"[A-Za-z0-9._-]+", line))]
    return tuple(path for _, path in sorted(found.items()) if path.exists())


def require_wall() -> None:
    """Raises `WallError` when this system cannot build the wall, saying what is missing and how to get it."""
    missing = next((problem for problem in problems() if problem), None)
    if missing:
        raise WallError(f"{missing} Without a wall, only --trust runs an entry's code, as if it were your own.")


def problems() -> Iterator[str]:
    """One sentence for each requirement in turn, empty where it is met; the last one builds a wall."""
    yield "" if sys.platform == "linux" else "The wall needs Linux; on other systems use a virtual machine with Linux."
    release = tuple(int(number) for number in re.findall(r"\d+", platform.release())[:2])
    yield "" if release >= _OLDEST_LINUX else f"The wall needs Linux 5.14 or newer, not {platform.release()}."
    machines = " or ".join(MACHINES)
    yield "" if platform.machine() in MACHINES else f"The wall is made for {machines}, not {platform.machine()}."
    yield _bwrap_problem()
    yield _trial()


def _bwrap_problem() -> str:
    try:
        said = subprocess.run(
            ["bwrap", "--version"], capture_output=True, text=True, check=True, timeout=_SECONDS
        ).stdout
    except (OSError, subprocess.SubprocessError):
        return f"The wall needs the program bwrap, which is not here: {_INSTALL}."
    version = tuple(int(number) for number in re.findall(r"\d+", said)[:2])
    return "" if version >= _OLDEST_BWRAP else f"The wall needs bubblewrap 0.8 or newer, not {said.strip()}."


@functools.cache
def _trial() -> str:
    """Build a wall once; empty when that works."""
    try:
        walled = start("/inside/nothing.py", None, Limits())
    except WallError as error:
        return str(error)
    try:
        complaint = walled.process.communicate(timeout=_SECONDS)[1].decode(errors="replace").strip().splitlines()
    except subprocess.TimeoutExpired:
        complaint = [_end(walled.process) or f"it did not start within {_SECONDS} s"]
    if walled.process.returncode == 0:
        return ""
    last = complaint[-1] if complaint else f"exit status {walled.process.returncode}"
    return f"The wall cannot be built: {last}; {_hint()}."


def _hint() -> str:
    with suppress(OSError):
        if os.getuid() == 0 and Path("/proc/self/uid_map").read_text(encoding="utf-8").split() != _ALL_USERS:
            return (
                "root of this container or of `unshare -r` stands for few of the machine's users; use an account that "
                "is not root, or the machine's own root"
            )
    return (
        "unprivileged user namespaces may be switched off here (see kernel.unprivileged_userns_clone, "
        "user.max_user_namespaces and, on Ubuntu, kernel.apparmor_restrict_unprivileged_userns; a container needs "
        "them allowed from outside)"
    )
