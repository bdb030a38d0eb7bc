# ---
# jupyter:
#   jupytext:
#     formats: ipynb,py:percent
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Bring your own architecture
#
# [![Open in Colab](https://colab.research.google.com/assets/colab-badge.svg)](https://colab.research.google.com/github/flowleague/flowleague/blob/main/notebooks/own_architecture.ipynb)
#
# Any networks of PyTorch can enter. Two ways: hand two modules to this package's trainer, or train as you like and *capture* three functions. Both end in a zip that holds your networks as lists of operations and runs no code of yours, on any system. Some ten minutes on two cores.
#
# 1. The data
# 2. Two modules
# 3. The trainer: `train(networks=...)`
# 4. Your own training: `capture`
# 5. Score and hand in
# 6. Exercises

# %%
import os, sys
from pathlib import Path

SHORT = bool(os.environ.get("FLOWLEAGUE_SHORT"))  # a trial run in seconds, with models that have learned little
if "google.colab" in sys.modules:
    # %pip install -q "flowleague[train] @ git+https://github.com/flowleague/flowleague"
    pass
HOME = Path(os.environ.get("FLOWLEAGUE_HOME", "runs"))  # everything this notebook writes

# %% [markdown]
# ## 1. The data

# %%
import torch
import torch.nn.functional as F
from torch import nn

import flowleague
from flowleague import notebook, pictures

digits = flowleague.load_training("mnist")
digits = notebook.part_of(digits, 5000) if SHORT else digits
pictures.sheet(digits.train.pixels()[:40], columns=20)

# %% [markdown]
# ## 2. Two modules
#
# The autoencoder offers `posterior` (images to the mean and log variance of each latent) and `decode`; the velocity network maps latents of mean 0 and variance 1, and the time (0 noise, 1 data), to velocities. Change them as you like. Here both are small: convolutions around 24 numbers, and a residual perceptron that sees the time as sines.


# %%
class Autoencoder(nn.Module):
    def __init__(self, latent, c=16):
        super().__init__()
        self.encoder = nn.Sequential(
            nn.Conv2d(1, c, 4, 2, 1), nn.SiLU(), nn.Conv2d(c, 2 * c, 4, 2, 1), nn.SiLU(), nn.Flatten(), nn.Linear(2 * c * 49, 2 * latent)
        )
        self.decoder = nn.Sequential(
            nn.Linear(latent, 2 * c * 49), nn.SiLU(), nn.Unflatten(1, (2 * c, 7, 7)),
            nn.ConvTranspose2d(2 * c, c, 4, 2, 1), nn.SiLU(), nn.ConvTranspose2d(c, 1, 4, 2, 1), nn.Sigmoid(),
        )

    def posterior(self, images):
        return self.encoder(images).chunk(2, dim=1)

    def decode(self, z):
        return self.decoder(z)


class Velocity(nn.Module):
    def __init__(self, latent, width=128, blocks=3):
        super().__init__()
        self.inlet, self.outlet = nn.Linear(latent + 8, width), nn.Linear(width, latent)
        self.blocks = nn.ModuleList(nn.Sequential(nn.LayerNorm(width), nn.Linear(width, width), nn.SiLU(), nn.Linear(width, width)) for _ in range(blocks))

    def forward(self, x, t):
        angles = t[:, None] * torch.pi * torch.tensor([0.5, 1.0, 2.0, 4.0])
        h = self.inlet(torch.cat([x, angles.sin(), angles.cos()], dim=1))
        for block in self.blocks:
            h = h + block(h)
        return self.outlet(h)


def networks(recipe):
    return Autoencoder(recipe.vae.latent), Velocity(recipe.vae.latent)


# %% [markdown]
# ## 3. The trainer: `train(networks=...)`
#
# The trainer takes them through all stages of the recipe, with its losses, log, resume and card. Shapes and capture are tried on ten images first, so that a mistake costs seconds.

# %%
own = ["vae.latent=24", "vae.grid=false", "vae.refine=0", "flow.steps=4", "flow.cut=1"]
short = ["vae.images=12800", "flow.images=51200", "critic.images=5120", "tune.images=2560"] if SHORT else []
recipe, run = flowleague.get_recipe("quick", own + short), HOME / "own"
for report in flowleague.train(recipe, run, digits, networks=networks, resume=True):
    print(f"\r{report.stage}: {report.images / report.of_images:4.0%}  loss {report.loss:.4f}  {report.seconds:.0f} s ", end="")

# %%
notebook.curves(run)

# %% [markdown]
# What came of it is `own.zip`, an entry. Its programs are replayed as the judge replays them:

# %%
pictures.sheet(notebook.drawn(HOME / "own.zip", 60), columns=20)

# %% [markdown]
# The flow among the encoded digits, on their principal plane:

# %%
model = notebook.own_model(run, recipe, networks)
x = torch.from_numpy(digits.validation.pixels()[:3000])
notebook.flow(model, torch.randn(200, recipe.vae.latent, generator=torch.Generator().manual_seed(1)), x, digits.validation.labels[:3000])

# %% [markdown]
# ## 4. Your own training: `capture`
#
# Whatever you trained, however: three functions of torch are an entry. Here a plain autoencoder, and Gaussian noise fitted to its latents instead of a flow, in a loop of a few lines.

# %%
torch.manual_seed(0)
x = torch.from_numpy(digits.train.pixels())
plain = Autoencoder(16)
optimizer = torch.optim.AdamW(plain.parameters(), 2e-3)
for _ in range(100 if SHORT else 2000):
    batch = x[torch.randint(len(x), (256,))]
    loss = F.mse_loss(plain.decode(plain.posterior(batch)[0]), batch)
    optimizer.zero_grad(); loss.backward(); optimizer.step()
with torch.no_grad():
    codes = plain.posterior(x[:5000])[0]
mean, root = codes.mean(0), torch.linalg.cholesky(codes.T.cov())

functions = {
    "encode": lambda images: plain.posterior(images)[0],
    "decode": plain.decode,
    "generate": lambda n: plain.decode(mean + torch.randn(n, 16) @ root.T),  # noise becomes what the judge supplies
}
captured = flowleague.capture(**functions, images=x[:1000], out=HOME / "plain.zip")
{name: f"{len(made.program.steps)} operations, equal to {made.largest:.0e}" for name, made in captured.items()}

# %%
pictures.sheet(notebook.drawn(HOME / "plain.zip", 60), columns=20)

# %% [markdown]
# A Gaussian reaches places between the digits where nothing was encoded: that is what the flow is for.
#
# ## 5. Score and hand in
#
# Both zips are entries: hand one in as the contest says, or let it run in a page (docs/live.md).

# %%
entry, quickly = HOME / "own.zip", "--dry-run" if SHORT else ""
# !{sys.executable} -m flowleague score "{entry}" {quickly} | cat

# %% [markdown]
# ## 6. Exercises
#
# **a)** Let the autoencoder of section 4 draw with the first three of its latents' numbers only. What remains?
#
# <details><summary>Solution</summary>
#
# ```python
# with torch.no_grad():
#     kept = codes[:20].clone(); kept[:, 3:] = mean[3:]
#     both = torch.cat([plain.decode(codes[:20]), plain.decode(kept)])
# pictures.sheet(both.numpy(), columns=20)
# ```
# </details>
#
# **b)** Something that cannot be captured: a decoder that looks at values. Capture says why.
#
# <details><summary>Solution</summary>
#
# ```python
# def decode(z):
#     return plain.decode(z) if z[0, 0] > z[1, 0] else 1 - plain.decode(z)
#
# try:
#     flowleague.capture(**(functions | {"decode": decode}), images=x[:1000], out=HOME / "refused.zip")
# except Exception as reason:
#     print(reason)
# ```
#
# `torch.where` decides inside of the program, row by row, and can be captured.
# </details>
