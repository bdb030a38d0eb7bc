"""Noise by address, and epochs that miss nothing."""

import torch
from hypothesis import given
from hypothesis import strategies as st

from flowleague.model.randomness import NOISE_BLOCK, generator, noise, noise_seed, whole


@given(seed=st.integers(0, 2**40), start=st.integers(0, 5000), length=st.integers(0, 3000), size=st.integers(3, 49))
def test_a_row_depends_on_the_seed_and_its_number_alone(seed: int, start: int, length: int, size: int) -> None:
    table = noise(seed, 0, start + length + 1, size)
    assert torch.equal(noise(seed, start, start + length, size), table[start:-1])


@given(seed=st.integers(0, 2**40), block=st.integers(0, 3), n=st.integers(1, NOISE_BLOCK), size=st.integers(3, 49))
def test_torch_seeded_for_a_block_draws_its_rows(seed: int, block: int, n: int, size: int) -> None:
    with torch.random.fork_rng():
        torch.manual_seed(noise_seed(seed, block))
        drawn = torch.randn(whole(n), size)[:n]
    assert torch.equal(noise(seed, block * NOISE_BLOCK, block * NOISE_BLOCK + n, size), drawn)


def test_seeds_and_addresses_differ() -> None:
    assert not torch.equal(noise(0, 0, 10, 4), noise(1, 0, 10, 4))
    assert not torch.equal(noise(0, 0, 256, 4), noise(0, NOISE_BLOCK, NOISE_BLOCK + 256, 4))
    draws = {torch.rand(1, generator=generator("cpu", *address)).item() for address in [(0,), (0, 0), (0, 1), (1, 0)]}
    assert len(draws) == 4


def test_noise_is_standard_normal() -> None:
    table = noise(7, 0, 20_000, 5).double()
    assert table.mean(dim=0).abs().max() < 0.03
    assert torch.allclose(table.T.cov(), torch.eye(5, dtype=torch.float64), atol=0.05)
