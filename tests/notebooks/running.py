"""A notebook executed as a reader does, from its py:percent source, in a kernel of its own.

python -m tests.notebooks.running NAME OUT.ipynb    the whole notebook, to be looked at
"""

import sys
from pathlib import Path

import jupytext
import nbformat
from nbclient import NotebookClient

NOTEBOOKS = Path(__file__).parents[2] / "notebooks"


def run(name: str, folder: Path, seconds: int = 3600) -> nbformat.NotebookNode:
    """The notebook with its outputs; `folder` is where it runs. Raises `CellExecutionError`."""
    notebook = jupytext.read(NOTEBOOKS / f"{name}.py")
    resources = {"metadata": {"path": str(folder)}}
    return NotebookClient(notebook, timeout=seconds, kernel_name="python3", resources=resources).execute()


def printed(notebook: nbformat.NotebookNode) -> str:
    """All that the cells printed."""
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", [])]
    return "".join(output["text"] for output in outputs if output["output_type"] == "stream")


def pictures(notebook: nbformat.NotebookNode) -> list[str]:
    """All pictures that the cells drew, as PNG in base64."""
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", [])]
    return [output["data"]["image/png"] for output in outputs if "image/png" in output.get("data", {})]


if __name__ == "__main__":
    done = run(sys.argv[1], Path.cwd())
    nbformat.write(done, sys.argv[2])
    print(printed(done))
