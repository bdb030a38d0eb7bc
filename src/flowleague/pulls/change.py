"""What a pull request may change: files in the folder of the account that opened it, and nothing else.

pulls/<account>/entry.toml   the team, the entry's file, and what the team declares of its training
pulls/<account>/...          that file, its weights beside it, and whatever else the team wants to show

The account stands for a team's key: the folder has its name in lower case, so no list of owners is needed.
"""

from pathlib import Path, PurePosixPath

from flowleague.errors import printable
from flowleague.pulls.event import Pull, PullError
from flowleague.pulls.git import PLAIN, Blob, changed_paths, files_of

FOLDER = "pulls"
_MOST_FILES = 200
SHOWN = 5
_REMOVED = "000000"
_KEPT = {  # what the first part of a path stands for, where a contestant may change nothing
    "contest.toml": "the rules are the organiser's",
    "analysis.toml": "the marks are the organiser's",
    "private.toml": "names of people never go into the repository",
    "records.jsonl": "the records are written when an entry is approved",
    "records.head": "the records are written when an entry is approved",
    "entries": "entries that were taken in stay as they are",
    "judges": "the judges are the organiser's",
    ".github": "the workflows are the organiser's",
}


def _is_entry(paths: dict[str, str], pull: Pull) -> bool:
    """Whether a pull request is about an entry; one by an organiser that touches no entry is not."""
    return not pull.insider or any(path.startswith(f"{FOLDER}/") for path in paths)


def _own_folder(pull: Pull) -> str:
    """The folder of the account that opened a pull request."""
    return f"{FOLDER}/{pull.login.lower()}"


def _check_paths(paths: dict[str, str], pull: Pull) -> None:
    """Raises `PullError` unless a pull request changes plain files of one folder, its own."""
    own = _own_folder(pull)
    if not paths:
        raise PullError(f"The pull request changes nothing; put the entry into {own}/ and push.")
    outside = [path for path in paths if not path.startswith(f"{FOLDER}/")]
    if outside:
        raise PullError(f"An entry changes files of {own}/ alone, and this one changes {_listed(outside)}; undo that.")
    folders = {PurePosixPath(path).parts[1] if path.count("/") > 1 else "" for path in paths}
    if len(folders) > 1:
        names = ", ".join(sorted(printable(f"{FOLDER}/{name}", 60) for name in folders)[:SHOWN])
        raise PullError(
            f"There are {len(folders)} folders with entries in it ({names}); thank you, but please send one entry in "
            "one pull request, each from the account of its team."
        )
    foreign = [path for path in paths if not path.startswith(f"{own}/")]
    if foreign:
        raise PullError(f"{printable(foreign[0])} is in the folder of another account; yours is {own}/.")
    odd = [path for path, mode in paths.items() if mode not in (*PLAIN, _REMOVED)]
    if odd:
        raise PullError(f"{printable(odd[0])} is a link or a submodule; an entry has plain files alone.")


def _listed(paths: list[str]) -> str:
    """Some paths in words, and why contestants may not change them."""
    more = f" and {len(paths) - SHOWN} more files" if len(paths) > SHOWN else ""
    whys = dict.fromkeys(_KEPT[first] for path in paths if (first := PurePosixPath(path).parts[0]) in _KEPT)
    why = f" ({'; '.join(whys)})" if whys else ""
    return ", ".join(printable(path, 100) for path in paths[:SHOWN]) + more + why


def entry_files(folder: Path, pull: Pull) -> dict[str, Blob]:
    """The files of the account's folder in the head commit; raises `PullError` for too many files and for links."""
    files = files_of(folder, pull.head, _own_folder(pull))
    if len(files) > _MOST_FILES:
        raise PullError(f"{_own_folder(pull)}/ holds {len(files):,} files; {_MOST_FILES} are allowed.")
    for name, blob in files.items():
        if blob.mode not in PLAIN:
            raise PullError(f"{printable(name)} is a link or a submodule; an entry has plain files alone.")
    if "entry.toml" not in files:
        raise PullError(
            f"{_own_folder(pull)}/ holds no entry.toml; add one that names the team and the entry's file. To make an "
            "earlier entry count again, send it again."
        )
    return files


def is_about_an_entry(folder: Path, base: str, pull: Pull) -> bool:
    """Whether a fetched pull request sends an entry in; raises `PullError` when it changes what it may not."""
    paths = changed_paths(folder, base, pull.head)
    if not _is_entry(paths, pull):
        return False
    _check_paths(paths, pull)
    return True
