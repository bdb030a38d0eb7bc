"""tqdm as entries find it: the installed one, whose bars count and format as ever, and draw nothing.

A training loop's bars would fill the log, of which the beginning and the end are kept, and hide what the entry says in
between. So every bar writes to nowhere, whatever file it is given; `tqdm.write` prints. Displays that need a notebook,
a window or rich (`tqdm.notebook`, `tqdm.auto` and so on) are the plain bar.
"""

import functools
import importlib.abc
import importlib.machinery
import io
import threading
from typing import Any

_DISPLAYS = ("tqdm.notebook", "tqdm.auto", "tqdm.autonotebook", "tqdm.rich", "tqdm.tk")
_FILE = 4  # the position of `file` among the arguments of tqdm


class _Nowhere(io.TextIOBase):
    """A file that keeps nothing."""

    def write(self, text: str) -> int:
        return len(text)


class _Plain(importlib.abc.Loader):
    """Fills a module of another display with the plain bar."""

    def exec_module(self, module: Any) -> None:
        from tqdm.std import tqdm, trange

        vars(module).update(tqdm=tqdm, trange=trange, tqdm_notebook=tqdm, tnrange=trange)


class _Silenced(importlib.abc.Loader):
    """Loads `tqdm.std` and silences it."""

    def __init__(self, loader: Any):
        self._loader = loader

    def create_module(self, spec: Any) -> Any:
        return self._loader.create_module(spec)

    def exec_module(self, module: Any) -> None:
        self._loader.exec_module(module)
        silence(module.tqdm)


def find_spec(name: str, path: Any) -> Any:
    """The spec of a module of tqdm that is changed here; None for any other."""
    if name in _DISPLAYS:
        return importlib.machinery.ModuleSpec(name, _Plain())
    spec = importlib.machinery.PathFinder.find_spec(name, path) if name == "tqdm.std" else None
    if spec:
        spec.loader = _Silenced(spec.loader)
    return spec


def silence(bar: Any) -> None:
    """Let all bars of a class write to nowhere, without a thread that watches them or a lock among processes."""
    begin, nowhere = bar.__init__, _Nowhere()

    @functools.wraps(begin)
    def begin_silently(self: Any, *arguments: Any, **options: Any) -> None:
        if len(arguments) > _FILE:
            arguments = (*arguments[:_FILE], nowhere, *arguments[_FILE + 1 :])
        else:
            options["file"] = nowhere
        begin(self, *arguments, **options)

    bar.__init__ = begin_silently
    bar.monitor_interval = 0
    bar.set_lock(threading.RLock())
