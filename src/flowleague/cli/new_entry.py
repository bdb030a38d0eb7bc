"""`flowleague new-entry`: the beginnings of an entry of one's own architecture, which run as they are."""

import json
from collections.abc import Iterator
from importlib import resources
from pathlib import Path
from typing import Annotated

import typer

from flowleague.cli.layout import say

_PYTHON = {"display_name": "Python 3", "language": "python", "name": "python3"}


def new_entry(folder: Annotated[Path, typer.Argument(help="The folder to make.")]) -> None:
    """Begin an entry of your own architecture: two networks, a recipe, a check, a training, and a notebook."""
    from flowleague.errors import OutputError
    from flowleague.files import write_atomically

    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise OutputError(f"{folder} already holds something; choose another folder.")
    for name, text in _files():
        write_atomically(folder / name, text.encode())
    say(f"{folder} holds model.py, which is yours to change, and what trains it; README.md there says how.")
    say(f"Next: cd {folder} && python check.py")


def _files() -> Iterator[tuple[str, str]]:
    """Names and contents of the files."""
    for path in resources.files("flowleague.cli").joinpath("template").iterdir():
        name, text = path.name.removesuffix(".txt"), path.read_text(encoding="utf-8")
        yield ("notebook.ipynb", notebook(text)) if name == "notebook.py" else (name, text)


def notebook(text: str) -> str:
    """A notebook of its cells as text, each begun by `# %%`, or `# %% [markdown]` with its lines as comments.

    >>> [cell["cell_type"] for cell in json.loads(notebook("# %% [markdown]\\n# Hi\\n# %%\\n1 + 1\\n"))["cells"]]
    ['markdown', 'code']
    """
    cells = []
    for number, part in enumerate(text.split("# %%")[1:]):
        head, _, body = part.partition("\n")
        is_code, body = "markdown" not in head, body.rstrip("\n")
        if not is_code:
            body = "\n".join(line.removeprefix("# ").removeprefix("#") for line in body.split("\n"))
        cell = {"id": f"cell-{number}", "cell_type": "code" if is_code else "markdown", "metadata": {}}
        cell |= {"execution_count": None, "outputs": []} if is_code else {}
        cells.append(cell | {"source": body.splitlines(keepends=True)})
    content = {"cells": cells, "metadata": {"kernelspec": _PYTHON}, "nbformat": 4, "nbformat_minor": 5}
    return json.dumps(content, indent=1, ensure_ascii=False) + "\n"
