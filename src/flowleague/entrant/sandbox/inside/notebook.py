"""What only notebooks have, as an entry calls it: shell lines and magics (`_notebook_`), `get_ipython`, `display`.

Commands that move files are done here, without a shell; fetches go to the other side of the sandbox.
"""

import glob
import os
import shlex
import shutil
import sys
import tarfile
import zipfile
from itertools import pairwise
from typing import Any

import normalise
import served_files
from standins import Quiet


class _Notebook:
    """The helper that `normalise` calls."""

    def quiet(self, what: str) -> Any:
        """An empty value for what a shell line or magic would give."""
        return Quiet(what)

    def write(self, name: str, text: str, more: bool) -> None:
        """The file of a `%%writefile` cell."""
        with open(name, "a" if more else "w", encoding="utf-8") as file:
            file.write(text)

    def cd(self, folder: str) -> None:
        """Change the working directory."""
        os.chdir(os.path.expanduser(folder))

    def env(self, name: str, value: str) -> None:
        """Set a variable of the environment."""
        os.environ[name] = value

    def run(self, name: str, names: dict[str, Any]) -> None:
        """Run a file in the notebook's own names."""
        with open(name, encoding="utf-8") as file:
            exec(compile(file.read(), name, "exec"), names)

    def shell(self, command: str, *values: Any) -> None:
        """Run the commands of a line that are known; others do nothing."""
        line = command.format(*values) if values else command.replace("{{", "{").replace("}}", "}")
        for part in line.replace("&&", ";").split(";"):
            words = shlex.split(part, comments=True)
            function = getattr(self, f"_{words[0]}", None) if words and words[0] in normalise.COMMANDS else None
            if function:
                function([word for word in words[1:] if not word.startswith("-")], words[1:])

    def _gdown(self, plain: list[str], words: list[str]) -> None:
        output = _after(words, "-O", "--output")
        link = _after(words, "--id") or next((word for word in plain if word != output), "")
        url = link if "://" in link else f"https://drive.google.com/uc?id={link}"
        served_files.download(url, output)

    def _wget(self, plain: list[str], words: list[str]) -> None:
        output = _after(words, "-O", "--output-document")
        for link in [word for word in plain if "://" in word]:
            served_files.download(link, output)

    def _curl(self, plain: list[str], words: list[str]) -> None:
        output = _after(words, "-o", "--output", "-Lo")
        for link in [word for word in plain if "://" in word]:
            served_files.download(link, output)

    def _cp(self, plain: list[str], words: list[str]) -> None:
        for path in _globbed(plain[:-1]):
            if os.path.isdir(path):
                shutil.copytree(path, os.path.join(plain[-1], os.path.basename(path)), dirs_exist_ok=True)
            else:
                shutil.copy(path, plain[-1])

    def _mv(self, plain: list[str], words: list[str]) -> None:
        for path in _globbed(plain[:-1]):
            shutil.move(path, plain[-1])

    def _ln(self, plain: list[str], words: list[str]) -> None:
        os.symlink(os.path.abspath(plain[0]), plain[1] if len(plain) > 1 else os.path.basename(plain[0]))

    def _mkdir(self, plain: list[str], words: list[str]) -> None:
        for path in plain:
            os.makedirs(path, exist_ok=True)

    def _unzip(self, plain: list[str], words: list[str]) -> None:
        with zipfile.ZipFile(plain[0]) as archive:
            archive.extractall(_after(words, "-d") or ".")

    def _tar(self, plain: list[str], words: list[str]) -> None:
        name = next(word for word in words if ".t" in word)
        with tarfile.open(name) as archive:
            archive.extractall(_after(words, "-C") or ".", filter="data")


def _after(words: list[str], *options: str) -> str | None:
    """The word after an option, if it is there."""
    for word, following in pairwise(words):
        if word in options:
            return following
    return next((word.partition("=")[2] for word in words if word.partition("=")[0] in options and "=" in word), None)


def _globbed(patterns: list[str]) -> list[str]:
    return [path for pattern in patterns for path in (glob.glob(pattern) or [pattern])]


class _Shell(Quiet):
    """What `get_ipython()` gives: `system` runs a shell line, all else is quiet."""

    def __init__(self, helper: _Notebook):
        super().__init__("get_ipython()")
        self.__dict__["_helper"] = helper

    def __getattr__(self, name: str) -> Any:
        return self._helper.shell if name == "system" else Quiet(f"get_ipython().{name}")


def names() -> dict[str, Any]:
    """What a notebook finds defined before its first cell."""
    helper = _Notebook()
    return {
        normalise.HELPER: helper,
        "get_ipython": lambda: _Shell(helper),
        "display": lambda *things, **options: print(*things),
        "In": [""],
        "Out": {},
        "exit": lambda *code: sys.exit(),
    }
