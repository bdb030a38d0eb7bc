"""The variational autoencoder (Kingma & Welling 2013) that compresses a digit to 3 to 49 numbers.

    q(z|x) = N(mu(x), diag(sigma(x)^2))        p(x|z): mean sigmoid(decoder(z))
    loss   = MSE(x, x_hat) + kl_weight * KL(q(z|x) || N(0, I)) + ssim_weight * (1 - SSIM(x, x_hat))

All layers work at 7x7: a 4x4 pixel-unshuffle turns (B, 1, 28, 28) into (B, 16, 7, 7) before the first layer, and a
pixel-shuffle undoes it after the last. A step on a CPU is ten to twenty times cheaper than with convolutions at 28x28,
for the same reconstruction. The latent is either the 7x7 grid itself (D = 49) or a vector of D numbers.

`BLOCKS` lists the classes of blocks. A block is a sequence of named layers. Its first layer is a convolution, after
which training puts a batch normalisation (`flowleague.training.networks.normed_vae`). A packed file holds the source
text of the classes and functions that its recipe uses; they take plain arguments and depend on torch alone.

Shapes: B images, D latent dimensions, C channels.
"""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

from flowleague.bundle.recipe import VAERecipe
from flowleague.model.similarity import structural_similarity

PATCH, GRID = 4, 7  # pixels along a patch, patches along an image
BETA_1, BETA_2, EPSILON = 0.6, 0.95, 1e-8  # of the steps that refine a latent


class Residual(nn.Sequential):
    """x + layers(x) for layers that keep the shape (B, C, 7, 7)."""

    def forward(self, x: Tensor) -> Tensor:  # pyright: ignore[reportIncompatibleMethodOverride]
        """(B, C, 7, 7) to the same shape."""
        return x + super().forward(x)


class DepthwiseBlock(Residual):
    """x + W2 relu(W1 depthwise 5x5 of x), after the ConvNeXt block (Liu et al. 2022), expansion 2."""

    matrix_heavy = False  # see DenseBlock

    def __init__(self, channels: int, bias: bool = True) -> None:
        super().__init__()
        self.depthwise = nn.Conv2d(channels, channels, 5, padding=2, groups=channels, bias=bias)
        self.expand = nn.Conv2d(channels, 2 * channels, 1)
        self.relu = nn.ReLU(inplace=True)
        self.contract = nn.Conv2d(2 * channels, channels, 1)


class DenseBlock(Residual):
    """x + W2 relu(W1 x) with 3x3 convolutions (He et al. 2016).

    It has four times the weights of a depthwise block of as many channels, and takes a third of the time per weight.
    """

    matrix_heavy = True  # nearly all of its work is large matrix products, which some devices do faster in bfloat16

    def __init__(self, channels: int, bias: bool = True) -> None:
        super().__init__()
        self.spread = nn.Conv2d(channels, channels, 3, padding=1, bias=bias)
        self.relu = nn.ReLU(inplace=True)
        self.gather = nn.Conv2d(channels, channels, 3, padding=1)


BLOCKS = {  # by the names in flowleague.bundle.recipe
    "depthwise": DepthwiseBlock,
    "dense": DenseBlock,
}


def grid_ends(latent: int, channels: int) -> tuple[list[nn.Module], list[nn.Module]]:
    """The encoder's last and the decoder's first layers where the latent is the 7x7 grid itself."""
    depth = latent // GRID**2  # latent dimensions at each place
    head = [nn.Conv2d(channels, 2 * depth, 1), nn.Flatten()]
    neck = [nn.Unflatten(1, (depth, GRID, GRID)), nn.Conv2d(depth, channels, 3, padding=1)]
    return head, neck


def vector_ends(latent: int, channels: int) -> tuple[list[nn.Module], list[nn.Module]]:
    """The encoder's last and the decoder's first layers where the latent is a vector.

    The linear layers see a quarter of the channels, since they hold most of the weights.
    """
    narrow = channels // 4
    head = [nn.Conv2d(channels, narrow, 1), nn.ReLU(), nn.Flatten(), nn.Linear(narrow * GRID**2, 2 * latent)]
    neck = [
        nn.Linear(latent, narrow * GRID**2),
        nn.Unflatten(1, (narrow, GRID, GRID)),
        nn.Conv2d(narrow, channels, 3, padding=1),
    ]
    return head, neck


class VAE(nn.Module):
    """Encoder and decoder, whose layers work on the 7x7 patches of an image; latents z are flat, (B, D)."""

    def __init__(
        self,
        latent: int,
        channels: int,
        block: Callable[[int], nn.Module],
        encoder_blocks: int,
        decoder_blocks: int,
        ends: Callable[[int, int], tuple[list[nn.Module], list[nn.Module]]],
    ) -> None:
        super().__init__()
        trunk_in = nn.Conv2d(PATCH**2, channels, 3, padding=1)
        before = [block(channels) for _ in range(encoder_blocks)]
        after = [block(channels) for _ in range(decoder_blocks)]
        head, neck = ends(latent, channels)
        trunk_out = nn.Conv2d(channels, PATCH**2, 1)
        self.encoder = nn.Sequential(nn.PixelUnshuffle(PATCH), trunk_in, *before, *head)
        self.decoder = nn.Sequential(*neck, *after, trunk_out, nn.PixelShuffle(PATCH))
        self.to(memory_format=torch.channels_last)  # pyright: ignore[reportCallIssue]

    def posterior(self, images: Tensor) -> tuple[Tensor, Tensor]:
        """Images (B, 1, 28, 28) in [0, 1] to the posterior's mu and log sigma^2, each (B, D)."""
        mu, log_var = self.encoder(images).chunk(2, dim=1)
        return mu, log_var.clamp(-20, 10)

    def decode(self, z: Tensor) -> Tensor:
        """Latents (B, D) to images (B, 1, 28, 28) in [0, 1]."""
        return self.decoder(z).float().sigmoid()  # in float32, also where the layers compute in bfloat16


def vae_arguments(recipe: VAERecipe) -> dict[str, Any]:
    """What `VAE` takes, by name, for a recipe.

    >>> vae, images = VAE(**vae_arguments(VAERecipe(latent=16, grid=False, channels=8))), torch.rand(5, 1, 28, 28)
    >>> mu, log_var = vae.posterior(images)
    >>> mu.shape, vae.decode(mu).shape
    (torch.Size([5, 16]), torch.Size([5, 1, 28, 28]))
    >>> refined(vae.decode, mu, images, steps=3).shape
    torch.Size([5, 16])
    """
    return {
        "latent": recipe.latent,
        "channels": recipe.channels,
        "block": BLOCKS[recipe.block],
        "encoder_blocks": recipe.encoder_blocks,
        "decoder_blocks": recipe.decoder_blocks,
        "ends": grid_ends if recipe.grid else vector_ends,
    }


def squared_error(decoded: Tensor, images: Tensor) -> Tensor:
    """The sum over images (B, 1, 28, 28) and pixels, a scalar."""
    return (decoded - images).square().sum()


def error_with_structure(ssim_weight: float) -> Callable[[Tensor, Tensor], Tensor]:
    """What training lowers beside the KL: MSE + ssim_weight * (1 - SSIM), in the units of `squared_error`."""

    def error(decoded: Tensor, images: Tensor) -> Tensor:
        unlike = images[0].numel() * (1 - structural_similarity(decoded, images))
        return squared_error(decoded, images) + ssim_weight * unlike.sum()

    return error


@torch.no_grad()
def refined(
    decode: Callable[[Tensor], Tensor],
    z: Tensor,
    images: Tensor,
    steps: int,
    rate: float = 0.1,
    error: Callable[[Tensor, Tensor], Tensor] = squared_error,
) -> Tensor:
    """Latents z (B, D) after `steps` down the error of their images (B, 1, 28, 28), each row by itself.

    The encoder gives a first guess; these steps cost no weights (Kim et al. 2018, Semi-Amortized Variational
    Autoencoders). They are Adam's (Kingma & Ba 2015), at a rate that falls linearly to zero. No gradient is recorded.
    """
    gradient = torch.func.grad(lambda z: error(decode(z), images))
    z, m, v = z.detach(), torch.zeros_like(z), torch.zeros_like(z)
    for k in range(steps):
        slope = gradient(z)
        m, v = torch.lerp(slope, m, BETA_1), torch.lerp(slope.square(), v, BETA_2)
        unbiased_m, unbiased_v = m / (1 - BETA_1 ** (k + 1)), v / (1 - BETA_2 ** (k + 1))
        z = z - rate * (1 - k / steps) * unbiased_m / (unbiased_v.sqrt() + EPSILON)
    return z
