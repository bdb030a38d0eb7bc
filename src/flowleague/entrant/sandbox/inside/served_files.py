"""The way to a file that an entry asks for by its link: a copy in the working directory, under the wanted name.

And the data set, which is not here: `digits` gives random images where left-out statements are tried, so that loops
reach what they would train; elsewhere it raises `NeedsData`.
"""

import os
from collections.abc import Callable
from typing import Any

from standins import NotHere


class NeedsData(NotHere):
    """A value is computed from the data set."""


def _nowhere(url: str, name: str) -> str:
    raise OSError(f"{url} cannot be fetched now.")


fetch: Callable[[str, str], str] = _nowhere  # `standins.install` puts the pipe here
data_seed: int | None = None  # of random images; None where there are none
DIGITS = 64


def digits(name: str) -> tuple[Any, Any]:
    """Random images (64, 28, 28) as bytes, and classes (64,); raises `NeedsData`."""
    if data_seed is None:
        raise NeedsData(
            f"{name} is needed, but the data set is not here: write what you compute from it into the file."
        )
    import torch

    generator = torch.Generator().manual_seed(data_seed)
    images = torch.randint(0, 256, (DIGITS, 28, 28), generator=generator, dtype=torch.uint8)
    return images, torch.arange(DIGITS) % 10


def download(url: str, output: str | None) -> str:
    """Fetch a link to a place; returns the place. Raises OSError with the reason when it is not to be had."""
    name = os.path.basename(output or "") or os.path.basename(url.partition("?")[0]) or "weights"
    place = (
        os.path.join(output, name) if output and (output.endswith(os.sep) or os.path.isdir(output)) else output or name
    )
    path = fetch(url, name)
    if os.path.dirname(place):
        os.makedirs(os.path.dirname(place), exist_ok=True)
    if os.path.lexists(place):
        os.remove(place)
    os.symlink(path, place)
    return place


def serve(text: str) -> None:
    """Let the standard library's and torch's ways to fetch a file end here, where an entry's text names them."""
    if "urlretrieve" in text:
        import urllib.request

        def urlretrieve(
            url: str, filename: str | None = None, *rest: Any, **options: Any
        ) -> tuple[str, dict[str, str]]:
            return download(url, filename), {}

        urllib.request.urlretrieve = urlretrieve  # type: ignore[assignment]
    if "from_url" in text or "url_to_file" in text:
        import torch

        def from_url(
            url: str, model_dir: str | None = None, *rest: Any, file_name: str | None = None, **options: Any
        ) -> Any:
            path = download(url, file_name or os.path.basename(url.partition("?")[0]))
            return torch.load(path, weights_only=True)

        torch.hub.load_state_dict_from_url = from_url  # type: ignore[assignment]
        torch.hub.download_url_to_file = lambda url, dst, *rest, **options: download(url, dst)  # type: ignore[assignment]
