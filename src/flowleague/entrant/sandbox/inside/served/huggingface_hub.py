"""huggingface_hub, as entries call it: the link goes to the other side of the wall, which fetches the file."""

from typing import Any

import served_files


def hf_hub_download(repo_id: str, filename: str, *rest: Any, revision: str | None = None, **options: Any) -> str:
    """A file of a public repository."""
    return served_files.download(
        f"https://huggingface.co/{repo_id}/resolve/{revision or 'main'}/{filename}", filename.replace("/", "-")
    )
