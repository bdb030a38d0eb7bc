"""The system calls that an entry may not make, as a program for the kernel's filter (seccomp, classic BPF).

    architecture is not ours         kill the process
    number above the last we know    "no such call": what a newer kernel adds stays out until somebody looked at it
    clone3                           "no such call": its flags cannot be read here, and libc falls back to clone
    clone with a new namespace       "not permitted"
    socket other than AF_UNIX        "address family not supported": also those that no network namespace holds (vsock)
    mmap of shared anonymous memory  "not permitted": it can be held by a process in which it is not counted
    a call of `DENIED`               "not permitted"
    all else                         allowed

A list of what is denied, as Flatpak's, and not of what is allowed: torch's needs differ between versions and
processors. Numbers are from the kernel's tables; from 424 on they are the same on every architecture.
"""

import errno
import platform
import struct

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
    "statmount": 457,
    "listmount": 458,
}
_X86_64 = {
    "shmget": 29,
    "shmat": 30,
    "shmctl": 31,
    "semget": 64,
    "msgget": 68,
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
    "lookup_dcookie": 212,
    "clock_settime": 227,
    "kexec_load": 246,
    "add_key": 248,
    "request_key": 249,
    "keyctl": 250,
    "migrate_pages": 256,
    "unshare": 272,
    "move_pages": 279,
    "perf_event_open": 298,
    "fanotify_init": 300,
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
    "lookup_dcookie": 18,
    "umount2": 39,
    "mount": 40,
    "pivot_root": 41,
    "chroot": 51,
    "vhangup": 58,
    "quotactl": 60,
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
    "msgget": 186,
    "semget": 190,
    "shmget": 194,
    "shmctl": 195,
    "shmat": 196,
    "add_key": 217,
    "request_key": 218,
    "keyctl": 219,
    "swapon": 224,
    "swapoff": 225,
    "migrate_pages": 238,
    "move_pages": 239,
    "perf_event_open": 241,
    "fanotify_init": 262,
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
# per machine: AUDIT_ARCH, numbers of clone, socket, socketpair and mmap, and what is denied
MACHINES = {
    "x86_64": (0xC000003E, 56, 41, 53, 9, COMMON | _X86_64),
    "aarch64": (0xC00000B7, 220, 198, 199, 222, COMMON | _AARCH64),
}
_CLONE3 = 435
_NEW_NAMESPACES = 0x7E020080  # CLONE_NEWNS, NEWCGROUP, NEWUTS, NEWIPC, NEWUSER, NEWPID, NEWNET, NEWTIME
_SHARED_ANONYMOUS = 0x21  # MAP_SHARED | MAP_ANONYMOUS
AF_UNIX = 1

LOAD, _EQUAL, _GREATER, _ANY_BIT, _AND, _RETURN = 0x20, 0x15, 0x25, 0x45, 0x54, 0x06  # BPF instruction codes
NUMBER, _ARCH, _ARGUMENTS = 0, 4, 16  # offsets in struct seccomp_data; each argument has 8 bytes, the low half first
_ALLOW, KILL, _ERRNO = 0x7FFF0000, 0x80000000, 0x00050000


def denied(machine: str | None = None) -> dict[str, int]:
    """Names and numbers of the calls that are denied whatever their arguments."""
    return MACHINES[machine or platform.machine()][-1]


def seccomp_filter(machine: str | None = None) -> bytes:
    """The filter as an array of struct sock_filter; raises KeyError for a machine of which no numbers are known."""
    arch, clone, socket, socketpair, mmap, numbers = MACHINES[machine or platform.machine()]
    not_permitted, no_such_call, no_such_family = (
        _ERRNO | number for number in (errno.EPERM, errno.ENOSYS, errno.EAFNOSUPPORT)
    )
    # Each instruction: code, instructions to skip if true, if false, operand.
    program = [(LOAD, 0, 0, _ARCH), (_EQUAL, 1, 0, arch), (_RETURN, 0, 0, KILL), (LOAD, 0, 0, NUMBER)]
    program += [(_GREATER, 0, 1, LAST), (_RETURN, 0, 0, no_such_call)]
    program += [(_EQUAL, 0, 1, _CLONE3), (_RETURN, 0, 0, no_such_call)]
    for number in numbers.values():
        program += [(_EQUAL, 0, 1, number), (_RETURN, 0, 0, not_permitted)]
    program += [(_EQUAL, 0, 4, clone), (LOAD, 0, 0, _ARGUMENTS), (_ANY_BIT, 0, 1, _NEW_NAMESPACES)]
    program += [(_RETURN, 0, 0, not_permitted), (_RETURN, 0, 0, _ALLOW)]
    for number in (socket, socketpair):
        program += [(_EQUAL, 0, 4, number), (LOAD, 0, 0, _ARGUMENTS), (_EQUAL, 1, 0, AF_UNIX)]
        program += [(_RETURN, 0, 0, no_such_family), (_RETURN, 0, 0, _ALLOW)]
    program += [(_EQUAL, 0, 5, mmap), (LOAD, 0, 0, _ARGUMENTS + 3 * 8), (_AND, 0, 0, _SHARED_ANONYMOUS)]
    program += [(_EQUAL, 0, 1, _SHARED_ANONYMOUS), (_RETURN, 0, 0, not_permitted), (_RETURN, 0, 0, _ALLOW)]
    program += [(_RETURN, 0, 0, _ALLOW)]
    return b"".join(struct.pack("=HBBI", *instruction) for instruction in program)
