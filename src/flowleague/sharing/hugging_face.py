"""A model repository of Hugging Face, through its own library, which handles the login and large files."""

import re
from typing import TYPE_CHECKING, Any

from flowleague.errors import ShareError, printable
from flowleague.sharing.files import Upload

if TYPE_CHECKING:
    from huggingface_hub import HfApi

_LOGIN = "sign in with `hf auth login`, or set HF_TOKEN to a token that may write"


def share_on_hugging_face(uploads: list[Upload], repository: str, api: "HfApi | None" = None) -> list[str]:
    """Upload files into a public repository OWNER/NAME, made if it is new; returns a link to this version of each.

    Raises `ShareError`.
    """
    if not re.fullmatch(r"[\w.-]+/[\w.-]+", repository):
        raise ShareError(f"'{printable(repository)}' names no repository; give --repo as OWNER/NAME.")
    try:
        import httpx2 as httpx
        from huggingface_hub import HfApi
        from huggingface_hub.errors import HfHubHTTPError, HFValidationError, LocalTokenNotFoundError
        from huggingface_hub.utils import disable_progress_bars
    except ImportError:
        raise ShareError(
            "Sharing on Hugging Face needs its library; install it: pip install huggingface_hub."
        ) from None
    disable_progress_bars()
    problem = ""
    try:
        return _upload(api or HfApi(library_name="flowleague"), uploads, repository)
    except HfHubHTTPError as error:
        problem = sentence(error.response.status_code, str(error.server_message or ""), repository)
    except LocalTokenNotFoundError:
        problem = f"Hugging Face does not know you; {_LOGIN}."
    except HFValidationError:
        problem = f"'{repository}' is no name that Hugging Face takes; use letters, digits, '-' and '_'."
    except (httpx.HTTPError, OSError, RuntimeError):  # the last for what its threads met while uploading
        problem = "Hugging Face does not answer, or broke off; check the network and run the same command again."
    raise ShareError(problem)  # out of the handlers, so that no request with its token hangs on the error


def _upload(api: "HfApi", uploads: list[Upload], repository: str) -> list[str]:
    api.create_repo(repository, exist_ok=True, private=False)
    if api.repo_info(repository).private:
        raise ShareError(
            f"{repository} is private, so nobody could open the links; make it public in its settings, or give another "
            "--repo."
        )
    links = []
    for upload in uploads:
        done: Any = api.upload_file(
            path_or_fileobj=upload.content,
            path_in_repo=upload.name,
            repo_id=repository,
            commit_message=f"Upload {upload.name}",
        )
        links.append(f"{api.endpoint}/{repository}/resolve/{done.oid}/{upload.name}")
    return links


def sentence(status: int, said: str, repository: str) -> str:
    """What a person can do about an answer of Hugging Face."""
    if status == 401:
        return f"Hugging Face does not accept the sign-in (it may have expired); {_LOGIN}."
    if status in (402, 413) or "storage" in said.lower():
        return "Your storage at Hugging Face is full; delete something there, or share elsewhere with --to."
    if status in (403, 404):
        return f"You may not write to {repository} at Hugging Face; check the name, and {_LOGIN}."
    if status == 429:
        return "Hugging Face asks to slow down; wait some minutes and run the same command again."
    return f"Hugging Face refused ({status}); try again later, or share elsewhere with --to."
