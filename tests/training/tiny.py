"""A recipe that trains in a second."""

from flowleague.bundle.recipe import Recipe, get_recipe

TINY = [
    "vae.channels=8", "vae.encoder_blocks=1", "vae.decoder_blocks=1", "vae.images=3000", "vae.batch=50",
    "flow.width=16", "flow.blocks=1", "flow.images=6000", "flow.batch=100", "flow.solver=heun", "flow.steps=4",
    "tune.images=0", "flow.cut=1", "flow.targets=mean", "flow.temperature=1", "vae.refine=8", "vae.kl_weight=4e-5",
]  # fmt: skip


def tiny_recipe(*changes: str) -> Recipe:
    """The tiny recipe with changes."""
    return get_recipe("quick", [*TINY, *changes])
