"""What becomes of one hostile file when it is captured, in a sentence."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from flowleague.entrant.captured import open_captured
from flowleague.entrant.code import capture_code
from flowleague.entrant.model import Failure
from flowleague.errors import FlowLeagueError
from flowleague.program.values import ProgramError


@dataclass(frozen=True)
class Outcome:
    """`kind` is "not built", "not captured" or "captured"; of a captured one, parameters and mean squared error."""

    kind: str
    why: str = ""
    parameters: int = 0
    mse: float = float("nan")

    def __str__(self) -> str:
        if self.kind != "captured":
            return f"{self.kind}: {self.why}"
        return f"captured: {self.parameters:,} parameters counted, reconstruction MSE {self.mse:.4f} by replay"


def outcome(path: Path, training: NDArray[np.float32], unseen: NDArray[np.float32], made: Path) -> Outcome:
    """Capture a file on training images, and replay what comes of it on images (N, 1, 28, 28) that it never saw."""
    try:
        raw, _ = capture_code(path, training, weights=path.parent if any(path.parent.glob("*.safetensors")) else None)
        made.write_bytes(raw)
        with open_captured(made) as model:
            restored = model.decode(model.encode(unseen))
            count = model.facts.weights[0].numbers
    except ProgramError as error:
        return Outcome("not captured", str(error))
    except (Failure, FlowLeagueError) as error:
        return Outcome("not built", str(error))
    return Outcome("captured", "", count, float(((restored - unseen) ** 2).mean()))
