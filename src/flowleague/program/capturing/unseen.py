"""Noting what a call uses that no operation shows: other threads, noise of the system, clocks.

None of it is refused, since progress bars have clocks and threads too. It is the reason where the program differs.
"""

import os
import random
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from typing import Any
from unittest import mock

from flowleague.program.capturing.errors import where

_CLOCKS = ("time", "time_ns", "perf_counter", "perf_counter_ns", "monotonic", "monotonic_ns", "process_time")


@contextmanager
def noted() -> Iterator[list[tuple[str, str]]]:
    """What is used within the block, and where, in the order of use."""
    found: list[tuple[str, str]] = []

    def noting(name: str, real: Callable[..., Any], own_code: bool = False) -> Callable[..., Any]:
        def call(*given: Any, **named: Any) -> Any:
            caller = sys._getframe(1).f_code.co_filename
            if not own_code or not caller.startswith((sys.prefix, sys.base_prefix)):
                found.append((name, where()))
            return real(*given, **named)

        return call

    with ExitStack() as stack:
        for owner, name, what in (
            (threading.Thread, "start", "a thread"),
            (ThreadPoolExecutor, "submit", "a thread"),
            (os, "urandom", "noise of the system"),
            (random, "_urandom", "noise of the system"),  # of `secrets` and `SystemRandom`
        ):
            if hasattr(owner, name):
                stack.enter_context(mock.patch.object(owner, name, noting(what, getattr(owner, name))))
        for name in _CLOCKS:  # libraries look at them too
            stack.enter_context(mock.patch.object(time, name, noting("the clock", getattr(time, name), own_code=True)))
        yield found
