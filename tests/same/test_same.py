"""Nothing that is computed has moved: all of it is computed again and compared with the golden files.

Texts, whole numbers and names must be equal. Floats may differ by 1e-5, relative or absolute, since processors round
sums of 32-bit floats differently: with the instructions of SSE in the place of AVX-512 images and paths moved by 4e-6.
What many steps make of such a difference is allowed more, as `TOLERANCE` says. On one machine nothing at all may
differ: `tests.same.here` compares two recorded folders bit for bit.
"""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from tests.same.record import PARTS

GOLDEN = Path(__file__).with_name("golden")
TOLERANCE = {
    "scorecard": 1e-4,  # neighbours of samples, and covariances of features that two judges read
    "resumed": 1e-3,  # dozens of steps of training, each of which builds on the rounding of those before
}
REFINED = 0.05  # latents after steps of a fixed size along a gradient, whose sign is rounding where it vanishes


@pytest.mark.parametrize("part", PARTS)
def test_a_part_is_as_it_was(part: str) -> None:
    tolerance = TOLERANCE.get(part, 1e-5)
    for name, content in PARTS[part]().items():
        if name.endswith(".bits.json"):
            continue
        if not isinstance(content, str):
            with np.load(GOLDEN / name) as held:
                compare_arrays(content, dict(held), tolerance, name)
            continue
        lines, golden = content.splitlines(), (GOLDEN / name).read_text(encoding="utf-8").splitlines()
        if name.endswith(".jsonl"):
            for number, (line, expected) in enumerate(zip(lines, golden, strict=True), 1):
                compare(json.loads(line), json.loads(expected), tolerance, f"{name} {number}")
        else:
            assert lines == golden, name


def compare_arrays(found: dict[str, NDArray], expected: dict[str, NDArray], tolerance: float, where: str) -> None:
    """Two sets of arrays have equal names and shapes, and equal numbers within a tolerance."""
    assert found.keys() == expected.keys(), where
    for name, array in found.items():
        near = REFINED if "refined" in name else tolerance
        np.testing.assert_allclose(array, expected[name], rtol=near, atol=near, err_msg=f"{where} {name}", strict=True)


def compare(found: Any, expected: Any, tolerance: float, where: str) -> None:
    """Two trees of JSON are equal, their floats within a tolerance."""
    assert type(found) is type(expected), where
    if isinstance(expected, dict):
        assert list(found) == list(expected), where
        for key, value in expected.items():
            compare(found[key], value, tolerance, f"{where}.{key}")
    elif isinstance(expected, list):
        assert len(found) == len(expected), where
        for i, value in enumerate(expected):
            compare(found[i], value, tolerance, f"{where}[{i}]")
    elif isinstance(expected, float):
        assert found == pytest.approx(expected, rel=tolerance, abs=tolerance), where
    else:
        assert found == expected, where
