"""The system calls that an entry may not make, as a program for the kernel's filter (seccomp, classic BPF).

    architecture is not ours         kill the process
    number above the last we know    "no such call": what a newer kernel adds stays out until somebody looked at it
    clone3                           "no such call": its flags cannot be read here, and libc falls back to clone
    clone with a new namespace       "not permitted"
    socket other than AF_UNIX        "address family not supported": also those that no network namespace holds (vsock)
    mmap of shared anonymous memory, "not permitted": it can be held by a process in which it is not counted
      or of huge pages
    fcntl beyond descriptors' flags  "not permitted": locks, leases, notices, sizes of pipes and hints are kept in the
      and copies                     kernel beside a file that other workers see, or are memory that nothing counts
    preadv2, pwritev2 with flags     "not supported": they tell what lies in the page cache
    setting the times of files       nothing happens, and it succeeds: three device files are this machine's own
    a call that is denied            "not permitted"
    all else                         allowed

A list of what is denied, as Flatpak's, and not of what is allowed: torch's needs differ between versions and
processors. Numbers are from the kernel's tables; from 424 on they are the same on every architecture.
"""

import errno
import platform
import struct
from typing import NamedTuple

LAST = 462  # mseal, Linux 6.10
COMMON = {
    "io_uring_setup": 425,
    "io_uring_enter": 426,
    "io_uring_register": 427,
    "open_tree": 428,
    "move_mount": 429,
    "fsopen": 430,
    "fsconfig": 431,
    "fsmount": 432,
    "fspick": 433,
    "pidfd_getfd": 438,
    "process_madvise": 440,
    "mount_setattr": 442,
    "quotactl_fd": 443,
    "memfd_secret": 447,
    "process_mrelease": 448,
    "cachestat": 451,
    "statmount": 457,
    "listmount": 458,
}
_X86_64 = {
    "shmget": 29,
    "shmat": 30,
    "mincore": 27,
    "shmctl": 31,
    "semget": 64,
    "semop": 65,
    "semctl": 66,
    "shmdt": 67,
    "msgget": 68,
    "msgsnd": 69,
    "msgrcv": 70,
    "msgctl": 71,
    "flock": 73,
    "ptrace": 101,
    "syslog": 103,
    "uselib": 134,
    "personality": 135,
    "ustat": 136,
    "sysfs": 139,
    "vhangup": 153,
    "modify_ldt": 154,
    "pivot_root": 155,
    "adjtimex": 159,
    "chroot": 161,
    "acct": 163,
    "settimeofday": 164,
    "mount": 165,
    "umount2": 166,
    "swapon": 167,
    "swapoff": 168,
    "reboot": 169,
    "sethostname": 170,
    "setdomainname": 171,
    "iopl": 172,
    "ioperm": 173,
    "init_module": 175,
    "delete_module": 176,
    "quotactl": 179,
    "readahead": 187,
    "io_setup": 206,
    "lookup_dcookie": 212,
    "semtimedop": 220,
    "fadvise64": 221,
    "clock_settime": 227,
    "mq_open": 240,
    "mq_unlink": 241,
    "mq_timedsend": 242,
    "mq_timedreceive": 243,
    "mq_notify": 244,
    "mq_getsetattr": 245,
    "kexec_load": 246,
    "add_key": 248,
    "request_key": 249,
    "keyctl": 250,
    "inotify_init": 253,
    "inotify_add_watch": 254,
    "inotify_rm_watch": 255,
    "migrate_pages": 256,
    "unshare": 272,
    "vmsplice": 278,
    "move_pages": 279,
    "inotify_init1": 294,
    "perf_event_open": 298,
    "fanotify_init": 300,
    "fanotify_mark": 301,
    "name_to_handle_at": 303,
    "open_by_handle_at": 304,
    "clock_adjtime": 305,
    "setns": 308,
    "process_vm_readv": 310,
    "process_vm_writev": 311,
    "kcmp": 312,
    "finit_module": 313,
    "memfd_create": 319,
    "kexec_file_load": 320,
    "bpf": 321,
    "userfaultfd": 323,
}
_AARCH64 = {
    "io_setup": 0,
    "lookup_dcookie": 18,
    "inotify_init1": 26,
    "inotify_add_watch": 27,
    "inotify_rm_watch": 28,
    "flock": 32,
    "umount2": 39,
    "mount": 40,
    "pivot_root": 41,
    "chroot": 51,
    "vhangup": 58,
    "quotactl": 60,
    "vmsplice": 75,
    "acct": 89,
    "personality": 92,
    "unshare": 97,
    "kexec_load": 104,
    "init_module": 105,
    "delete_module": 106,
    "clock_settime": 112,
    "syslog": 116,
    "ptrace": 117,
    "reboot": 142,
    "sethostname": 161,
    "setdomainname": 162,
    "settimeofday": 170,
    "adjtimex": 171,
    "mq_open": 180,
    "mq_unlink": 181,
    "mq_timedsend": 182,
    "mq_timedreceive": 183,
    "mq_notify": 184,
    "mq_getsetattr": 185,
    "msgget": 186,
    "msgctl": 187,
    "msgrcv": 188,
    "msgsnd": 189,
    "semget": 190,
    "semctl": 191,
    "semtimedop": 192,
    "semop": 193,
    "shmget": 194,
    "shmctl": 195,
    "shmat": 196,
    "shmdt": 197,
    "readahead": 213,
    "add_key": 217,
    "request_key": 218,
    "keyctl": 219,
    "fadvise64": 223,
    "swapon": 224,
    "swapoff": 225,
    "mincore": 232,
    "migrate_pages": 238,
    "move_pages": 239,
    "perf_event_open": 241,
    "fanotify_init": 262,
    "fanotify_mark": 263,
    "name_to_handle_at": 264,
    "open_by_handle_at": 265,
    "clock_adjtime": 266,
    "setns": 268,
    "process_vm_readv": 270,
    "process_vm_writev": 271,
    "kcmp": 272,
    "finit_module": 273,
    "memfd_create": 279,
    "bpf": 280,
    "userfaultfd": 282,
    "kexec_file_load": 294,
}


class Machine(NamedTuple):
    """A processor's AUDIT_ARCH, the numbers of calls whose arguments are looked at, and what is denied."""

    arch: int
    clone: int
    socket: int
    socketpair: int
    mmap: int
    fcntl: int
    preadv2: int
    pwritev2: int
    times: tuple[int, ...]
    denied: dict[str, int]


MACHINES = {
    "x86_64": Machine(0xC000003E, 56, 41, 53, 9, 72, 327, 328, (132, 235, 261, 280), COMMON | _X86_64),
    "aarch64": Machine(0xC00000B7, 220, 198, 199, 222, 25, 286, 287, (88,), COMMON | _AARCH64),
}
_CLONE3 = 435
_NEW_NAMESPACES = 0x7E020080  # CLONE_NEWNS, NEWCGROUP, NEWUTS, NEWIPC, NEWUSER, NEWPID, NEWNET, NEWTIME
_SHARED_ANONYMOUS, _HUGE_PAGES = 0x21, 0x40000  # MAP_SHARED | MAP_ANONYMOUS, MAP_HUGETLB
AF_UNIX = 1
# F_DUPFD, F_GETFD, F_SETFD, F_GETFL, F_SETFL, F_DUPFD_CLOEXEC, F_GETPIPE_SZ
FCNTL = (0, 1, 2, 3, 4, 1030, 1032)

LOAD, _EQUAL, _GREATER, _ANY_BIT, _AND, _RETURN = 0x20, 0x15, 0x25, 0x45, 0x54, 0x06  # BPF instruction codes
NUMBER, _ARCH, _ARGUMENTS = 0, 4, 16  # offsets in struct seccomp_data; each argument has 8 bytes, the low half first
_ALLOW, KILL, _ERRNO = 0x7FFF0000, 0x80000000, 0x00050000

Instruction = tuple[int, int, int, int]  # code, instructions to skip if true, if false, operand


def denied(machine: str | None = None) -> dict[str, int]:
    """Names and numbers of the calls that are denied whatever their arguments."""
    return MACHINES[machine or platform.machine()].denied


def seccomp_filter(machine: str | None = None) -> bytes:
    """The filter as an array of struct sock_filter; raises KeyError for a machine of which no numbers are known."""
    known = MACHINES[machine or platform.machine()]
    program = [(LOAD, 0, 0, _ARCH), (_EQUAL, 1, 0, known.arch), (_RETURN, 0, 0, KILL), (LOAD, 0, 0, NUMBER)]
    program += [(_GREATER, 0, 1, LAST), _fails(errno.ENOSYS), (_EQUAL, 0, 1, _CLONE3), _fails(errno.ENOSYS)]
    for number in known.denied.values():
        program += [(_EQUAL, 0, 1, number), _fails(errno.EPERM)]
    for number in known.times:
        program += [(_EQUAL, 0, 1, number), _fails(0)]
    # Where a test does not say what becomes of a call, it is denied
    program += _looked_at(known.clone, 0, errno.EPERM, [(_ANY_BIT, 0, 1, _NEW_NAMESPACES)])
    for number in (known.socket, known.socketpair):
        program += _looked_at(number, 0, errno.EAFNOSUPPORT, [(_EQUAL, 1, 0, AF_UNIX)])
    shared = [(_AND, 0, 0, _SHARED_ANONYMOUS), (_EQUAL, 0, 1, _SHARED_ANONYMOUS)]
    program += _looked_at(known.mmap, 3, errno.EPERM, [(_ANY_BIT, len(shared), 0, _HUGE_PAGES), *shared])
    commands = [(_EQUAL, len(FCNTL) - i, 0, command) for i, command in enumerate(FCNTL)]
    program += _looked_at(known.fcntl, 1, errno.EPERM, commands)
    for number in (known.preadv2, known.pwritev2):
        program += _looked_at(number, 5, errno.EOPNOTSUPP, [(_EQUAL, 1, 0, 0)])
    program += [(_RETURN, 0, 0, _ALLOW)]
    return b"".join(struct.pack("=HBBI", *instruction) for instruction in program)


def _fails(error: int) -> Instruction:
    """The end of a call with an error; without one for 0, and yet without effect."""
    return _RETURN, 0, 0, _ERRNO | error


def _looked_at(number: int, argument: int, error: int, tests: list[Instruction]) -> list[Instruction]:
    """A call that is allowed or fails by one argument: `tests` end at the failure, or skip it."""
    body = [(LOAD, 0, 0, _ARGUMENTS + 8 * argument), *tests, _fails(error), (_RETURN, 0, 0, _ALLOW)]
    return [(_EQUAL, 0, len(body), number), *body]
