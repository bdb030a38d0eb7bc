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
# # Latent flow matching from scratch
#
# [![Open in Colab](https://colab.research.google.com/assets/colab-badge.svg)](https://colab.research.google.com/github/flowleague/flowleague/blob/main/notebooks/from_scratch.ipynb)
#
# New handwritten digits out of noise, in plain PyTorch, without this project's package. Two networks do it:
#
# $$x_0 \sim \mathcal N(0, I)\ \xrightarrow{\ \dot x = v(x, t)\ }\ x_1\ \xrightarrow{\ \text{normalisation undone}\ }\ z\ \xrightarrow{\ \text{decoder}\ }\ \text{image}$$
#
# A **VAE** encodes each image as a latent $z$ of 3 dimensions. A **flow** learns to turn noise into such latents. Both have the sizes of the 2025 contest's sample entry, 438,553 parameters in all, and the last table says how they compare. Some five minutes on two cores; a GPU is used if there is one.
#
# 1. The data
# 2. The VAE
# 3. The flow
# 4. How good is it?
# 5. Exercises

# %%
import gzip
import os
import time
import urllib.request
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

SHORT = bool(os.environ.get("FLOWLEAGUE_SHORT"))  # a trial in seconds: everything runs, nothing is learned well
VAE_EPOCHS, FLOW_STEPS, READER_EPOCHS = (1, 300, 1) if SHORT else (50, 20_000, 2)
LATENT = 3  # try 8 or 16: better images, a harder flow
device = "cuda" if torch.cuda.is_available() else "cpu"
_ = torch.manual_seed(0)

# %% [markdown]
# ## 1. The data
#
# MNIST is four files of bytes, images of 28x28 pixels and their labels. Only the training images are trained on; the 10,000 test images are looked at once, at the end.

# %% jupyter={"source_hidden": true} cellView="form"
MIRROR = "https://storage.googleapis.com/cvdf-datasets/mnist/"
folder = Path(os.environ.get("FLOWLEAGUE_DATA", "mnist"))
folder.mkdir(parents=True, exist_ok=True)


def read(name, header):
    plain, packed = folder / name, folder / f"{name}.gz"
    if not plain.exists() and not packed.exists():
        urllib.request.urlretrieve(MIRROR + packed.name, packed)
    raw = plain.read_bytes() if plain.exists() else gzip.decompress(packed.read_bytes())
    return np.frombuffer(raw, np.uint8, offset=header).copy()


x_train, x_test = (torch.tensor(read(f"{s}-images-idx3-ubyte", 16)).reshape(-1, 1, 28, 28).to(device) / 255 for s in ("train", "t10k"))
y_train, y_test = (torch.tensor(read(f"{s}-labels-idx1-ubyte", 8)).long().to(device) for s in ("train", "t10k"))


def show(images, columns, title=""):
    rows = images.detach().cpu().reshape(-1, columns, 28, 28).permute(0, 2, 1, 3).reshape(-1, 28 * columns)
    plt.figure(figsize=(columns / 2, len(rows) / 56))
    plt.imshow(rows, cmap="gray", vmin=0, vmax=1)
    plt.axis("off")
    plt.title(title)
    plt.show()


show(x_train[:40], 20, f"{len(x_train):,} training images")

# %% [markdown]
# ## 2. The VAE
#
# The encoder gives each image a small cloud, a mean and a variance per latent dimension; the decoder turns any point of a cloud back into the image.


# %%
class VAE(nn.Module):
    def __init__(self):
        super().__init__()
        self.encoder = nn.Sequential(nn.Flatten(), nn.Linear(784, 256), nn.SiLU(), nn.Linear(256, 64), nn.SiLU(), nn.Linear(64, 2 * LATENT))
        self.decoder = nn.Sequential(
            nn.Linear(LATENT, 64), nn.SiLU(), nn.Linear(64, 256), nn.SiLU(), nn.Linear(256, 784), nn.Sigmoid(), nn.Unflatten(1, (1, 28, 28))
        )

    def encode(self, x):
        return self.encoder(x).chunk(2, dim=1)  # mean and log variance


vae = VAE().to(device)

# %% [markdown]
# Its loss has two parts: the squared error of the pixels, and a small weight on the divergence of the clouds from $\mathcal N(0, I)$, which keeps them wide and close together, so that the space between them holds digits too.


# %%
def vae_loss(x, kl_weight=1e-4):
    mu, log_var = vae.encode(x)
    z = mu + (log_var / 2).exp() * torch.randn_like(mu)  # a point of the cloud, such that gradients pass
    kl = 0.5 * (mu**2 + log_var.exp() - 1 - log_var).sum(1).mean()  # of each cloud from N(0, I), in nats
    return F.mse_loss(vae.decoder(z), x) + kl_weight * kl


def train(parameters, loss_at, steps, lr):
    optimizer, losses = torch.optim.AdamW(parameters, lr), []
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, lr, total_steps=steps, pct_start=0.05)  # up, then down to 0
    for step in range(steps):
        loss = loss_at(step)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step()
        losses.append(loss.detach())
    return torch.stack(losses).cpu()


def batches(n, size):
    return [rows for _ in range(100) for rows in torch.randperm(n, device=device).split(size)]


start, rows = time.time(), batches(len(x_train), 256)
losses = train(vae.parameters(), lambda step: vae_loss(x_train[rows[step]]), VAE_EPOCHS * len(rows) // 100, 3e-3)
plt.figure(figsize=(6, 2))
plt.semilogy(losses)
plt.title(f"VAE: loss after {time.time() - start:.0f} s")
plt.xlabel("step")
plt.show()

# %% [markdown]
# What 3 dimensions keep: above test images, below what comes back: the digit and its slant survive, details do not.

# %%
with torch.no_grad():
    mu_train, mu_test = vae.encode(x_train)[0], vae.encode(x_test)[0]
    back = vae.decoder(mu_test)
show(torch.cat([x_test[:20], back[:20]]), 20)

# %% [markdown]
# The latent space, coloured by the digit (which the VAE was never told): this cloud is what the flow must learn to draw from.

# %%
fig, axes = plt.subplots(1, 3, figsize=(10, 3.2), layout="constrained")
for ax, (i, j) in zip(axes, ((0, 1), (0, 2), (1, 2))):
    dots = ax.scatter(mu_test[:3000, i].cpu(), mu_test[:3000, j].cpu(), c=y_test[:3000].cpu(), s=2, cmap="tab10")
    ax.set(xlabel=f"z{i}", ylabel=f"z{j}")
fig.colorbar(dots, ax=axes, ticks=range(10))
plt.show()

# %% [markdown]
# ## 3. The flow
#
# Freeze the VAE, encode all training images once, and bring the latents to mean 0 and deviation 1. A straight line leads from a noise point $x_0$ to a latent $x_1$: at the time $t$ it is at $x_t = (1 - t)\,x_0 + t\,x_1$ and moves with the velocity $x_1 - x_0$. Many lines cross at $x_t$; the network $v(x_t, t)$, fitted with the squared error, learns their mean, and that is all it takes for the noise as a whole to arrive as the latents as a whole (Lipman et al. 2023).


# %%
class Velocity(nn.Module):
    def __init__(self, width=32):
        super().__init__()
        self.net = nn.Sequential(
            nn.Linear(LATENT + 1, width), nn.SiLU(), nn.Linear(width, width), nn.SiLU(), nn.Linear(width, width), nn.SiLU(), nn.Linear(width, LATENT)
        )

    def forward(self, x, t):
        return self.net(torch.cat([x, t.expand(len(x), 1)], dim=1))


velocity = Velocity().to(device)
mean, std = mu_train.mean(0), mu_train.std(0)
latents = (mu_train - mean) / std


def flow_loss(step):
    x_1 = latents[torch.randint(len(latents), (1024,), device=device)]
    x_0, t = torch.randn_like(x_1), torch.rand(len(x_1), 1, device=device)
    return F.mse_loss(velocity((1 - t) * x_0 + t * x_1, t), x_1 - x_0)


start = time.time()
losses = train(velocity.parameters(), flow_loss, FLOW_STEPS, 1e-2)
smooth = losses.unfold(0, 100, 100).mean(1)  # the loss cannot reach 0: the lines that cross differ
plt.figure(figsize=(6, 2))
plt.plot(100 * torch.arange(len(smooth)), smooth)
plt.title(f"flow: loss after {time.time() - start:.0f} s")
plt.xlabel("step")
plt.show()

# %% [markdown]
# Generating is solving $\dot x = v(x, t)$ from noise at $t = 0$ to $t = 1$: Heun's method takes the mean of the velocities at both ends of a step.


# %%
@torch.no_grad()
def generate(n, steps=20):
    x, path = torch.randn(n, LATENT, device=device), []
    for i in range(steps):
        t, h = torch.tensor([[i / steps]], device=device), 1 / steps
        path.append(x)
        k = velocity(x, t)
        x = x + h / 2 * (k + velocity(x + h * k, t + h))
    return [vae.decoder(mean + std * x) for x in [*path[::4], x]]


*on_the_way, samples = generate(2048)
show(samples[:100], 20, "100 samples")
show(torch.cat([images[:20] for images in [*on_the_way, samples]]), 20, "from noise (top) to digits")

# %% [markdown]
# The flow itself, in the first two of the latent dimensions: the velocity at three times where the third is 0 (arrows), and where 400 noise points are then. They start as one cloud and part towards the classes.

# %% jupyter={"source_hidden": true} cellView="form"
fig, axes = plt.subplots(1, 3, figsize=(10, 3.4), layout="constrained", sharex=True, sharey=True)
across = torch.linspace(-3, 3, 16, device=device)
places = torch.cartesian_prod(across, across, torch.zeros(1, device=device))
with torch.no_grad():
    x = torch.randn(400, LATENT, device=device)
    for ax, t in zip(axes, (0.0, 0.5, 0.95)):
        ax.scatter(latents[:3000, 0].cpu(), latents[:3000, 1].cpu(), c=y_train[:3000].cpu(), s=1, cmap="tab10", alpha=0.4)
        slope = velocity(places, torch.tensor([[t]], device=device))
        ax.quiver(places[:, 0].cpu(), places[:, 1].cpu(), slope[:, 0].cpu(), slope[:, 1].cpu(), width=0.003, alpha=0.7)
        ax.scatter(x[:, 0].cpu(), x[:, 1].cpu(), s=3, color="black")
        ax.set(title=f"t = {t}", xlim=(-3, 3), ylim=(-3, 3))
        for k in range(10):  # on to the next time
            x = x + 0.05 * velocity(x, torch.tensor([[t + k / 20]], device=device))
plt.show()

# %% [markdown]
# ## 4. How good is it?
#
# Reconstruction as the contest measured it, on the first 256 test images: squared error, and SSIM, which compares means, variances and covariance in windows of 7x7 pixels (Wang et al. 2004).


# %%
def ssim(x, y):
    pool = lambda a: F.avg_pool2d(a, 7, stride=1)  # noqa: E731
    mx, my = pool(x), pool(y)
    vx, vy, vxy = ((pool(a * b) - pool(a) * pool(b)) * 49 / 48 for a, b in ((x, x), (y, y), (x, y)))
    return ((2 * mx * my + 1e-4) * (2 * vxy + 9e-4) / ((mx**2 + my**2 + 1e-4) * (vx + vy + 9e-4))).mean((1, 2, 3))


mse, similarity = F.mse_loss(back[:256], x_test[:256]).item(), ssim(x_test[:256], back[:256]).mean().item()

# %% [markdown]
# Are the samples digits, and all of them? A classifier, trained on the training images, reads them: is it sure (confidence), and does every digit come as often as in real data (class KL)?

# %%
reader = nn.Sequential(
    nn.Conv2d(1, 16, 5, 2, 2), nn.SiLU(), nn.Conv2d(16, 32, 5, 2, 2), nn.SiLU(), nn.Flatten(), nn.Linear(32 * 49, 128), nn.SiLU(), nn.Linear(128, 10)
).to(device)
rows = batches(len(x_train), 256)
train(reader.parameters(), lambda step: F.cross_entropy(reader(x_train[rows[step]]), y_train[rows[step]]), READER_EPOCHS * len(rows) // 100, 3e-3)


@torch.no_grad()
def reading(images):
    p = reader(images).softmax(1)
    counts = torch.bincount(p.argmax(1), minlength=10) / len(p)
    return p.max(1).values.mean().item(), -(p * (p + 1e-8).log()).sum(1).mean().item(), counts


accuracy = (reader(x_test).argmax(1) == y_test).float().mean().item()
(confidence, entropy, made), (real_confidence, real_entropy, real) = reading(samples), reading(x_test)
kl = (real * (real / made).log()).sum().item()  # infinite when a digit never comes
plt.figure(figsize=(6, 2))
plt.bar(np.arange(10) - 0.2, real.cpu(), 0.4, label="test images")
plt.bar(np.arange(10) + 0.2, made.cpu(), 0.4, label="samples")
plt.xticks(range(10))
plt.legend(ncol=2, fontsize=7)
plt.show()

# %% [markdown]
# The result, beside the contest's sample entry of the same size. Confidence and entropy depend on who reads, so they stand beside real images read by the same classifier, and not beside the contest's.

# %%
parameters = sum(p.numel() for net in (vae, velocity) for p in net.parameters())
print(f"""                       here   contest's sample
parameters          {parameters:>7,}            438,553
MSE (256 images)    {mse:7.4f}             0.0305
SSIM (256 images)   {similarity:7.4f}             0.6444
                    samples        real images, read by a classifier of {accuracy:.1%}
confidence          {confidence:7.3f}            {real_confidence:7.3f}
entropy, nats       {entropy:7.3f}            {real_entropy:7.3f}
class KL, nats      {kl:7.4f}             0.0000""")

# %% [markdown]
# ## 5. Exercises
#
# **a)** How many steps does Heun's method need here?
#
# <details><summary>Solution</summary>
#
# ```python
# for steps in (1, 2, 5, 20):
#     confidence, entropy, counts = reading(generate(1000, steps)[-1])
#     print(f"{steps:>2} steps: confidence {confidence:.3f}, entropy {entropy:.3f}")
# ```
# </details>
#
# **b)** Walk along a straight line between the latents of two test digits.
#
# <details><summary>Solution</summary>
#
# ```python
# with torch.no_grad():
#     share = torch.linspace(0, 1, 20, device=device)[:, None]
#     show(vae.decoder((1 - share) * mu_test[0] + share * mu_test[1]), 20)
# ```
# </details>
#
# **c)** The squared error of the flow cannot reach 0, since lines cross. How large is it near $t = 0$ and near $t = 1$?
#
# <details><summary>Solution</summary>
#
# ```python
# with torch.no_grad():
#     x_1, x_0 = latents[:5000], torch.randn_like(latents[:5000])
#     for t in (0.02, 0.5, 0.98):
#         at = torch.full((5000, 1), t, device=device)
#         print(t, F.mse_loss(velocity((1 - at) * x_0 + at * x_1, at), x_1 - x_0).item())
# ```
# </details>
#
# From here: `LATENT = 16` and a wider velocity network, convolutions instead of linear layers, pairing noise with near latents, training the decoder on noisy latents. `quickstart.ipynb` trains a smaller and better model with this project's package, scores it in all categories and packs it as a submission.
