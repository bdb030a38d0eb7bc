"""What people hand in where weights are wanted: web pages, Git LFS pointers, files that were cut off."""

import json
import re

_WEB_PAGE = re.compile(rb"(\xef\xbb\xbf)?\s*<(!doctype\s+html|html|head)\b", re.IGNORECASE)
_LFS_POINTER = b"version https://git-lfs.github.com/spec/"


def instead_of_weights(content: bytes) -> tuple[str, str] | None:
    """What a file is instead of weights, in words that follow its name, and what to do; None where nothing is seen.

    >>> instead_of_weights(b"<!DOCTYPE html><title>Google Drive - Virus scan warning</title>")[0]
    'is a web page instead of weights'
    """
    if _WEB_PAGE.match(content, endpos=1000):
        hint = "Download the file itself: open the link, sign in if it asks for that, and choose Download."
        return "is a web page instead of weights", hint
    if content.startswith(_LFS_POINTER):
        return "is a Git LFS pointer instead of weights", "Fetch the file itself with `git lfs pull` and hand that in."
    whole = _safetensors_size(content)
    if whole is not None and len(content) < whole:
        return f"is cut off: it has {len(content):,} of {whole:,} bytes", "Copy or download it again."
    return None


def _safetensors_size(content: bytes) -> int | None:
    """The bytes that a safetensors file should have by its header; None where there is no such header."""
    start = 8 + int.from_bytes(content[:8], "little")
    if not 8 < start <= len(content):
        return None
    try:
        tensors = json.loads(content[8:start])
        return start + max(
            (held["data_offsets"][1] for name, held in tensors.items() if name != "__metadata__"), default=0
        )
    except (ValueError, RecursionError, KeyError, TypeError, AttributeError, IndexError):
        return None
