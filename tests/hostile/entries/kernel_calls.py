"""Call what exploits of the kernel begin with: bpf, io_uring, userfaultfd, keyctl, perf, clone3."""
# finding: raises
# says: all refused

import ctypes
import errno
import platform

NUMBERS = {
    "x86_64": {"bpf": 321, "userfaultfd": 323, "keyctl": 250, "perf_event_open": 298, "process_vm_readv": 310},
    "aarch64": {"bpf": 280, "userfaultfd": 282, "keyctl": 219, "perf_event_open": 241, "process_vm_readv": 270},
}
COMMON = {"io_uring_setup": 425, "clone3": 435, "future": 500}


class SubmissionInterface:
    def __init__(self):
        libc = ctypes.CDLL(None, use_errno=True)
        for name, number in (NUMBERS[platform.machine()] | COMMON).items():
            result = libc.syscall(number, 0, 0, 0, 0, 0)
            if result >= 0 or ctypes.get_errno() not in (errno.EPERM, errno.ENOSYS):
                print("ESCAPED", name, result, ctypes.get_errno())
        raise RuntimeError("all refused")
