"""What is told of files that are no weights, and that weights pass."""

import safetensors.torch
import torch

from flowleague.weight_files import instead_of_weights


def test_weights_pass_and_a_part_of_them_does_not() -> None:
    whole = safetensors.torch.save({"w": torch.rand(3, 4), "b": torch.rand(3)}, {"format": "pt"})
    assert instead_of_weights(whole) is None
    found = instead_of_weights(whole[:-20])
    assert found
    assert f"{len(whole) - 20:,} of {len(whole):,} bytes" in found[0]


def test_other_bytes_are_left_to_who_reads_them() -> None:
    for content in (b"", b"w", b"PK\3\4" * 9, b"\4" + bytes(7) + b"{}{}", b"\4" + bytes(7) + b"[1] ", bytes(40)):
        assert instead_of_weights(content) is None
