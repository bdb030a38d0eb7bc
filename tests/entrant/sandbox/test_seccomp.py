"""The filter, run by an interpreter of classic BPF: what the kernel would answer to each system call."""

import errno
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flowleague.entrant.sandbox.seccomp import FCNTL, LAST, MACHINES, denied, seccomp_filter

ALLOWED, KILLED = "allowed", "killed"


def answer(machine, number, arguments=(0, 0, 0, 0, 0, 0), arch=None):
    """What the filter does with a call."""
    data = struct.pack("=iIQ6Q", number, MACHINES[machine].arch if arch is None else arch, 0, *arguments)
    program = list(struct.iter_unpack("=HBBI", seccomp_filter(machine)))
    at, accumulator = 0, 0
    while True:
        code, if_true, if_false, k = program[at]
        at += 1
        if code == 0x20:
            (accumulator,) = struct.unpack_from("=I", data, k)
        elif code == 0x54:
            accumulator &= k
        elif code == 0x06:
            if k == 0x7FFF0000:
                return ALLOWED
            return KILLED if k == 0x80000000 else errno.errorcode.get(k & 0xFFFF, "no effect")
        else:
            true = {0x15: accumulator == k, 0x25: accumulator > k, 0x45: accumulator & k != 0}[code]
            at += if_true if true else if_false


@pytest.mark.parametrize("machine", MACHINES)
def test_calls_are_answered_as_the_table_says(machine):
    numbers = MACHINES[machine].denied
    times = MACHINES[machine].times
    special = {*MACHINES[machine][1:-2], *times, 435}
    assert not special & set(numbers.values())
    for number in range(LAST + 1):
        if number not in special:
            assert answer(machine, number) == ("EPERM" if number in numbers.values() else ALLOWED)
    assert answer(machine, 435) == "ENOSYS"
    assert {answer(machine, number) for number in times} == {"no effect"}


@given(st.sampled_from(sorted(MACHINES)), st.integers(LAST + 1, 2**31 - 1))
def test_calls_that_nobody_looked_at_do_not_exist(machine, number):
    assert answer(machine, number) == "ENOSYS"


@given(st.sampled_from(sorted(MACHINES)), st.integers(0, 2**32 - 1))
def test_no_new_namespaces_no_network_no_hidden_memory(machine, word):
    _, clone, socket, socketpair, mmap, *_ = MACHINES[machine]
    assert (answer(machine, clone, (word, 0, 0, 0, 0, 0)) == ALLOWED) == (word & 0x7E020080 == 0)
    for number in (socket, socketpair):
        assert (answer(machine, number, (word, 0, 0, 0, 0, 0)) == ALLOWED) == (word == 1)
    shared, huge = word & 0x21 == 0x21, bool(word & 0x40000)
    assert (answer(machine, mmap, (0, 0, 0, word, 0, 0)) == ALLOWED) == (not shared and not huge)


@pytest.mark.parametrize("machine", MACHINES)
def test_what_the_kernel_keeps_beside_a_file_is_out_of_reach(machine):
    known = MACHINES[machine]
    for command in (*range(50), *range(1020, 1050), 2**31):
        assert answer(machine, known.fcntl, (3, command, 0, 0, 0, 0)) == (ALLOWED if command in FCNTL else "EPERM")
    for number in (known.preadv2, known.pwritev2):
        assert answer(machine, number, (3, 0, 1, 0, 0, 0)) == ALLOWED
        assert answer(machine, number, (3, 0, 1, 0, 0, 8)) in ("EOPNOTSUPP", "ENOTSUP")
    never = {"flock", "inotify_init1", "inotify_add_watch", "fanotify_init", "fadvise64", "mincore", "cachestat"}
    assert never | {"semget", "msgget", "shmget", "mq_open"} <= denied(machine).keys()


def test_threads_and_processes_are_allowed():
    threads = 0x3D0F00  # the flags of pthread_create
    assert answer("x86_64", 56, (threads, 0, 0, 0, 0, 0)) == ALLOWED
    assert answer("x86_64", 56, (0x1200011, 0, 0, 0, 0, 0)) == ALLOWED  # those of fork


def test_another_architecture_is_killed():
    assert answer("x86_64", 1, arch=0x40000003) == KILLED  # 32-bit calls have other numbers


def test_what_exploits_begin_with_is_denied_everywhere():
    for machine in MACHINES:
        assert {"ptrace", "bpf", "keyctl", "mount", "userfaultfd", "io_uring_setup", "unshare"} <= denied(
            machine
        ).keys()
