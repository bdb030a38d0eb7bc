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
# # FlowLeague: from nothing to a submission
#
# [![Open in Colab](https://colab.research.google.com/assets/colab-badge.svg)](https://colab.research.google.com/github/flowleague/flowleague/blob/main/notebooks/quickstart.ipynb)
#
# Train a small generator of handwritten digits, look at every part of it, measure it as the contest does, and pack it. Ten minutes on two cores, Colab's free tier included. Run the cells from top to bottom; after a break, run them from the top again: nothing that was done is done twice.
#
# 1. The data
# 2. Training
# 3. The VAE and its latents
# 4. The flow
# 5. Score and submission
# 6. Exercises

# %%
import os, sys
from pathlib import Path

TEAM = "The Latents"  # shown on the board
COLAB = "google.colab" in sys.modules
SHORT = bool(os.environ.get("FLOWLEAGUE_SHORT"))  # a trial run in seconds, with a model that has learned little
if COLAB:
    # %pip install -q "flowleague[train] @ git+https://github.com/flowleague/flowleague"
    from google.colab import drive
    drive.mount("/content/drive")
DRIVE = Path("/content/drive/MyDrive/flowleague") if COLAB else None  # where checkpoints outlive the session
HOME = Path(os.environ.get("FLOWLEAGUE_HOME", "runs"))  # everything this notebook writes

# %% [markdown]
# ## 1. The data
#
# 55,000 images to train on and 5,000 to choose by, both cut from MNIST's training set. The test images stay unseen until the score.

# %%
import torch

from flowleague import LatentFlow, get_recipe, load_training, notebook, pictures, train
from flowleague.training.mirror import Mirror

digits = load_training("mnist")
print(f"{len(digits.train):,} training images")
digits = notebook.part_of(digits, 5000) if SHORT else digits
pictures.sheet(digits.train.pixels()[:60], columns=20)

# %% [markdown]
# ## 2. Training
#
# A VAE learns to encode an image as 49 numbers, a 7x7 grid, and to decode it. Then a flow learns to turn noise into such numbers; last, flow and decoder are fine-tuned together for the few steps that sampling takes. The flow is cut: a latent is its state after a quarter of the way, nearly Gaussian, and the rest of the flow belongs to the decoder, so what lies between latents becomes a digit too. `recipe` holds every choice; change one as in the comment, and give the run another name. On Colab each minute a checkpoint goes to Drive; a session that was cut off goes on from there.

# %%
short = ["vae.channels=12", "vae.encoder_blocks=1", "vae.images=12800", "flow.images=51200", "critic.images=5120", "tune.images=2560"] if SHORT else []
recipe = get_recipe("quick", short)  # or get_recipe("quick", ["vae.channels=48", "flow.blocks=3"])
run = HOME / "quickstart"
mirror = Mirror(DRIVE, run.name, tell=print) if DRIVE else None
for report in train(recipe, run, digits, resume=True, mirror=mirror):
    print(f"\r{report.stage}: {report.images / report.of_images:4.0%}  loss {report.loss:.4f}  {report.seconds:.0f} s ", end="")
model = LatentFlow.load(run)
print(f"\n{sum(p.numel() for p in model.parameters()):,} parameters")

# %% [markdown]
# A metric on the validation split in each stage, against the images seen.

# %%
notebook.curves(run)

# %% [markdown]
# ## 3. The VAE and its latents
#
# Validation images, and below them their reconstructions.

# %%
x = torch.from_numpy(digits.validation.pixels())
z = model.encode(x)
pictures.sheet(torch.cat([x[:20], model.decode(z[:20])]).numpy(), columns=20)

# %% [markdown]
# The latents of ten images as 7x7 grids, and all validation images along the two directions in which their latents vary most, coloured by digit.

# %%
notebook.latents(z, digits.validation.labels)

# %% [markdown]
# ## 4. The flow
#
# From noise (top) to digits (bottom), the whole way: a step of Euler's method is a straight line, here decoded at eight places. Then the ways of 200 samples among the VAE's own means of the validation images, and the velocity that the network gives at the middle of each.

# %%
noise = torch.randn(200, recipe.vae.latent, generator=torch.Generator().manual_seed(1))
with torch.no_grad():
    way = [model.vae.decode(x_t[:20]) for x_t in model.film(noise, 8)]
pictures.sheet(torch.cat(way).numpy(), columns=20)

# %%
notebook.flow(model, noise, x, digits.validation.labels)

# %% [markdown]
# Samples: number k depends on the seed and on k alone, here 0 to 199.

# %%
pictures.sheet(model.generate(200, seed=0).numpy(), columns=20)

# %% [markdown]
# ## 5. Score and submission
#
# The place in all six categories, and the change that would gain most. This is what an organiser runs.

# %%
quickly = "--dry-run" if SHORT else ""
# !{sys.executable} -m flowleague score "{run}" {quickly} | cat  # a minute, without the bar that a terminal shows

# %% [markdown]
# The submission is one Python file in the contest's own interface, its weights beside it. It needs nothing of this package. From the same noise it draws the same samples, the first forty of those above.

# %%
submission = HOME / "submission"
# !{sys.executable} -m flowleague pack "{run}" --team "{TEAM}" --out "{submission}" --force
images = notebook.samples_of(submission, 48)[:40]
torch.testing.assert_close(images, model.generate(40, seed=0), rtol=0, atol=1e-5)
pictures.sheet(images.numpy(), columns=20)

# %% [markdown]
# `share` uploads the weights with your own sign-in and prints links that everyone can open; `pack` once more with the links, and send the one file. Where the contest takes bundles, send the zip in `submission/bundle`.

# %%
if COLAB:
    vae, flow = sorted(submission.glob("*.safetensors"), reverse=True)
    # !{sys.executable} -m flowleague share "{vae}" "{flow}"
print("then:", f'flowleague pack "{run}" --team "{TEAM}" --out "{submission}" --force --vae-link VAE_LINK --flow-link FLOW_LINK', sep="\n")

# %% [markdown]
# ## 6. Exercises
#
# **a)** The recipe takes few steps. Do more steps, or another solver, make better digits? Draw the same forty with 20 steps of Heun's method.
#
# <details><summary>Solution</summary>
#
# ```python
# more = model.generate(40, seed=0, solver="heun", steps=20)
# pictures.sheet(torch.cat([model.generate(40, seed=0)[:20], more[:20]]).numpy(), columns=20)
# ```
#
# They hardly differ: fine-tuning has taught flow and decoder the few steps that the recipe takes.
# </details>
#
# **b)** Go straight from one digit to another in the latents. What lies between a 3 and an 8?
#
# <details><summary>Solution</summary>
#
# ```python
# labels = torch.from_numpy(digits.validation.labels)
# three, eight = (z[labels == label][0] for label in (3, 8))
# between = torch.stack([torch.lerp(three, eight, share) for share in torch.linspace(0, 1, 20)])
# pictures.sheet(model.decode(between).numpy(), columns=20)
# ```
# </details>
#
# **c)** Which digit does the model draw worst? The flow's likelihood of a latent says how usual it finds an image.
#
# <details><summary>Solution</summary>
#
# ```python
# usual = model.log_likelihood(z[:300], steps=10)
# order = usual.argsort()
# pictures.sheet(torch.cat([x[order[:20]], x[order[-20:]]]).numpy(), columns=20)  # the least and the most usual
# ```
# </details>
#
# Next: your own networks, in `own_architecture.ipynb`; the method line by line, in `from_scratch.ipynb`.
