"""The variational autoencoder (Kingma & Welling 2013) that compresses a digit to 3 to 49 numbers.

    q(z|x) = N(mu(x), diag(sigma(x)^2))        p(x|z): mean sigmoid(decoder(z))
    loss   = MSE(x, x_hat) + kl_weight * KL(q(z|x) || N(0, I))

All work is done at 7x7: a 4x4 pixel-unshuffle turns (B, 1, 28, 28) into (B, 16, 7, 7) before the first layer, and
a pixel-shuffle undoes it after the last. That makes a step ten to twenty times cheaper on a CPU than convolutions
at 28x28, for the same reconstruction. The latent is either the 7x7 grid itself (D = 49) or a vector of D numbers.

What the encoder gives is a first guess. `VAE.encode` betters it by a few steps down the error of the image that it
decodes to, which cost no weights (Kim et al. 2018, Semi-Amortized Variational Autoencoders); training does without.

Shapes: B images, D latent numbers, C channels.
"""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from flowleague.bundle.recipe import VAERecipe

PATCH = 4
GRID = 7
RATE, BETA_1, BETA_2, EPSILON = 0.1, 0.6, 0.95, 1e-8  # of the steps that refine a latent


class Block(nn.Module):
    """x + W2 relu(W1 depthwise 5x5 of x), after the ConvNeXt block (Liu et al. 2022), expansion 2.

    With `normed` a batch normalisation (Ioffe & Szegedy 2015) follows the first convolution while it is trained;
    `flowleague.training.objectives.fold` moves it into the convolution, and nothing is left to compute.
    """

    def __init__(self, channels: int, normed: bool) -> None:
        super().__init__()
        self.depthwise = nn.Conv2d(channels, channels, 5, padding=2, groups=channels, bias=not normed)
        self.norm = nn.BatchNorm2d(channels) if normed else nn.Identity()
        self.expand = nn.Conv2d(channels, 2 * channels, 1)
        self.contract = nn.Conv2d(2 * channels, channels, 1)

    def forward(self, x: Tensor) -> Tensor:
        """(B, C, 7, 7) to the same shape."""
        return x + self.contract(F.relu(self.expand(self.norm(self.depthwise(x))), inplace=True))


class DenseBlock(nn.Module):
    """x + W2 relu(W1 x) with 3x3 convolutions (He et al. 2016): nearly all of its work is large matrix products.

    Four times as many weights as a `Block` for the same channels, and some three times as fast for as many weights.
    """

    def __init__(self, channels: int, normed: bool) -> None:
        super().__init__()
        self.spread = nn.Conv2d(channels, channels, 3, padding=1, bias=not normed)
        self.norm = nn.BatchNorm2d(channels) if normed else nn.Identity()
        self.gather = nn.Conv2d(channels, channels, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        """(B, C, 7, 7) to the same shape."""
        return x + self.gather(F.relu(self.norm(self.spread(x)), inplace=True))


BLOCKS = {"depthwise": Block, "dense": DenseBlock}


class VAE(nn.Module):
    """Encoder and decoder. Latents are flat (B, D) at the border, also where they are a grid inside.

    With `normed` it is in the form that is trained, which `flowleague.training.objectives.fold` turns into the other.
    """

    def __init__(self, recipe: VAERecipe, *, normed: bool = False) -> None:
        super().__init__()
        C, D = recipe.channels, recipe.latent
        self.latent, self.refine = D, recipe.refine
        trunk_in = nn.Conv2d(PATCH**2, C, 3, padding=1)
        encoder_blocks = [BLOCKS[recipe.block](C, normed) for _ in range(recipe.encoder_blocks)]
        decoder_blocks = [BLOCKS[recipe.block](C, normed) for _ in range(recipe.decoder_blocks)]
        if recipe.grid:
            head = [nn.Conv2d(C, 2, 1), nn.Flatten()]
            neck = [nn.Unflatten(1, (1, GRID, GRID)), nn.Conv2d(1, C, 3, padding=1)]
        else:
            narrow = C // 4  # the linear layers see a quarter of the channels: they hold most of the weights
            head = [nn.Conv2d(C, narrow, 1), nn.ReLU(), nn.Flatten(), nn.Linear(narrow * GRID**2, 2 * D)]
            neck = [
                nn.Linear(D, narrow * GRID**2),
                nn.Unflatten(1, (narrow, GRID, GRID)),
                nn.Conv2d(narrow, C, 3, padding=1),
            ]
        self.encoder = nn.Sequential(nn.PixelUnshuffle(PATCH), trunk_in, *encoder_blocks, *head)
        self.decoder = nn.Sequential(*neck, *decoder_blocks, nn.Conv2d(C, PATCH**2, 1), nn.PixelShuffle(PATCH))
        self.to(memory_format=torch.channels_last)  # pyright: ignore[reportCallIssue]

    def posterior(self, images: Tensor) -> tuple[Tensor, Tensor]:
        """Images (B, 1, 28, 28) in [0, 1] to the posterior's mu and log sigma^2, each (B, D)."""
        mu, log_var = self.encoder(images).chunk(2, dim=1)
        return mu, log_var.clamp(-20, 10)

    @torch.no_grad()
    def encode(self, images: Tensor) -> Tensor:
        """Images (B, 1, 28, 28) in [0, 1] to latents (B, D): the posterior's means, refined; without gradients."""
        return self.refined(self.posterior(images)[0], images, self.refine)

    @torch.no_grad()
    def refined(self, z: Tensor, images: Tensor, steps: int) -> Tensor:
        """Latents (B, D) after some steps down the squared error of their images, each row by itself.

        The steps are Adam's (Kingma & Ba 2015), at a rate that falls linearly to zero.
        """
        gradient = torch.func.grad(lambda z: (self.decode(z) - images).square().sum())
        z, m, v = z.detach(), torch.zeros_like(z), torch.zeros_like(z)
        for k in range(steps):
            slope = gradient(z)
            m, v = torch.lerp(slope, m, BETA_1), torch.lerp(slope.square(), v, BETA_2)
            unbiased_m, unbiased_v = m / (1 - BETA_1 ** (k + 1)), v / (1 - BETA_2 ** (k + 1))
            z = z - RATE * (1 - k / steps) * unbiased_m / (unbiased_v.sqrt() + EPSILON)
        return z

    def decode(self, z: Tensor) -> Tensor:
        """Latents (B, D) to images (B, 1, 28, 28) in [0, 1]."""
        return self.decoder(z).float().sigmoid()  # also where the layers compute in bfloat16
