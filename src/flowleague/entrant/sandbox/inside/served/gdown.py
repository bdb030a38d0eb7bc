"""gdown, as entries call it: the link goes to the other side of the wall, which fetches the file."""

from typing import Any

import served_files

__version__ = "5.2.0"


def download(url: str | None = None, output: str | None = None, *rest: Any, **options: Any) -> str:
    """Old and new forms: `download(url, output, quiet, fuzzy=True)`, `download(id=..., output=...)`."""
    if url is None:
        url = f"https://drive.google.com/uc?id={options['id']}"
    return served_files.download(url, None if output is None else str(output))


def cached_download(url: str | None = None, path: str | None = None, *rest: Any, **options: Any) -> str:
    """As `download`; the hash that may be given is not looked at, the other side records its own."""
    return download(url, path, **{key: value for key, value in options.items() if key == "id"})


def download_folder(*arguments: Any, **options: Any) -> Any:
    """Folders are not fetched."""
    raise OSError("gdown.download_folder is not served: share each file on its own and call gdown.download.")
