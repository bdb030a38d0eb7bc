"""A notebook executed as a reader does, from its py:percent source, in a kernel of its own.

python -m tests.notebooks.running NAME ...    keeps its outputs in notebooks/NAME.ipynb; pictures in few colours

With FLOWLEAGUE_SHORT=1 that is a trial, whose models have learned little.
"""

import base64
import hashlib
import io
import re
import sys
import tempfile
from pathlib import Path

import jupytext
import nbformat
from nbclient import NotebookClient
from PIL import Image
from traitlets.config import Config

NOTEBOOKS = Path(__file__).parents[2] / "notebooks"


_SOLUTION = re.compile(r"```python\n(.*?)```", re.DOTALL)


def run(name: str, folder: Path, seconds: int = 3600, *, solutions: bool = False) -> nbformat.NotebookNode:
    """The notebook with its outputs; `folder` is where it runs. Raises `CellExecutionError`.

    With `solutions`, those of its exercises run at its end.
    """
    notebook = jupytext.read(NOTEBOOKS / f"{name}.py")
    if solutions:
        found = [
            text for cell in notebook.cells if cell.cell_type == "markdown" for text in _SOLUTION.findall(cell.source)
        ]
        notebook.cells += [nbformat.v4.new_code_cell(text) for text in found]
    return execute(notebook, folder, seconds)


def execute(notebook: nbformat.NotebookNode, folder: Path, seconds: int) -> nbformat.NotebookNode:
    """Run all cells in a new kernel; raises `CellExecutionError`.

    Kernel and client meet by sockets in a folder: of ports, two that start at once may choose the same.
    """
    with tempfile.TemporaryDirectory() as meeting:
        sockets = Config(KernelManager={"transport": "ipc", "connection_file": f"{meeting}/kernel.json"})
        resources = {"metadata": {"path": str(folder)}}
        return NotebookClient(
            notebook, config=sockets, timeout=seconds, kernel_name="python3", resources=resources
        ).execute()


def printed(notebook: nbformat.NotebookNode) -> str:
    """All that the cells printed."""
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", [])]
    return "".join(output["text"] for output in outputs if output["output_type"] == "stream")


def pictures(notebook: nbformat.NotebookNode) -> list[str]:
    """All pictures that the cells drew, as PNG in base64."""
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", [])]
    return [output["data"]["image/png"] for output in outputs if "image/png" in output.get("data", {})]


def sources(notebook: nbformat.NotebookNode) -> str:
    """The SHA-256 of all code of a notebook, to which its outputs belong."""
    return hashlib.sha256("\0".join(c.source for c in notebook.cells if c.cell_type == "code").encode()).hexdigest()


def keep(name: str) -> Path:
    """Run a notebook in a new folder and store it with its outputs, as small as readers of GitHub need them."""
    with tempfile.TemporaryDirectory() as folder:
        notebook = run(name, Path(folder))
    for number, cell in enumerate(notebook.cells):
        cell["id"] = f"{name}-{number}".replace("_", "-")
        cell.metadata.pop("execution", None)
        if "outputs" in cell:
            cell.outputs = _joined(cell.outputs)
        for output in cell.get("outputs", []):
            data = output.get("data", {})
            if "image/jpeg" in data:  # the same picture once more
                del data["image/jpeg"]
            if "image/png" in data:
                data["image/png"] = _smaller(data["image/png"])
    notebook.metadata["outputs_of"] = sources(notebook)
    notebook.metadata.pop("language_info", None)
    path = NOTEBOOKS / f"{name}.ipynb"
    path.write_text(nbformat.writes(notebook) + "\n", encoding="utf-8")
    return path


def _joined(outputs: list[nbformat.NotebookNode]) -> list[nbformat.NotebookNode]:
    """Outputs with what was printed in one piece, without colours and what a terminal would have written over."""
    made: list[nbformat.NotebookNode] = []
    for output in outputs:
        if output["output_type"] == "stream" and made and made[-1].get("name") == output["name"]:
            made[-1]["text"] += output["text"]
        else:
            made.append(output)
    for output in made:
        if output["output_type"] == "stream":
            plain = re.sub(r"\x1b\[[\d;]*m", "", output["text"].replace("\r\n", "\n"))
            output["text"] = re.sub(r"[^\r\n]*\r(?=[^\r\n])", "", plain)
    return made


def _smaller(picture: str) -> str:
    """A PNG in base64, at most 800 pixels wide, digits in 8 greys and charts in 64 colours."""
    image = Image.open(io.BytesIO(base64.b64decode(picture))).convert("RGB")
    image.thumbnail((800, 800), Image.Resampling.LANCZOS)
    buffer = io.BytesIO()
    red, green, blue = image.split()
    colours = 8 if red.tobytes() == green.tobytes() == blue.tobytes() else 64
    image.quantize(colours, dither=Image.Dither.NONE).save(buffer, "PNG", optimize=True)
    return base64.b64encode(buffer.getvalue()).decode()


if __name__ == "__main__":
    for wanted in sys.argv[1:]:
        print(f"Wrote {keep(wanted)}")
