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
# **The data**: 55,000 images to train on and 5,000 to choose by, both cut from MNIST's training set. The test images stay unseen until the score.

# %%
import json

import matplotlib.pyplot as plt
import torch

from flowleague import LatentFlow, get_recipe, load_training, pictures, train
from flowleague.data import Split, TrainingData
from flowleague.model.randomness import noise_seed
from flowleague.training.mirror import Mirror

digits = load_training("mnist")
print(f"{len(digits.train):,} training images")
if SHORT:
    digits = TrainingData(*(Split(part.images[:n], part.labels[:n]) for part, n in ((digits.train, 5000), (digits.validation, 500))), digits.sha256)
pictures.sheet(digits.train.pixels()[:60], columns=20)

# %% [markdown]
# **Training**, in stages. A VAE learns to encode an image as a latent of 49 dimensions, a 7x7 grid, and to decode it. Then a flow learns to turn noise into such latents; last, flow and decoder are fine-tuned together for the few steps that sampling takes. `recipe` holds every choice; change one as in the comment, and give the run another name. On Colab each minute a checkpoint goes to Drive; a session that was cut off goes on from there.

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
# **How it learned**: a metric on the validation split in each stage, against the images seen.

# %%
log = [json.loads(line) for line in (run / "training.jsonl").read_text().splitlines()]
fig, axes = plt.subplots(1, len(recipe.stages()), figsize=(12, 2.4), layout="constrained")
for ax, stage in zip(axes, recipe.stages()):
    records = [record for record in log if record["stage"] == stage]
    figure = "loss" if "loss" in records[-1]["validation"] else next(iter(records[-1]["validation"]))
    ax.plot([r["images"] for r in records], [r["validation"][figure] for r in records], ".-"); ax.set(title=f"{stage}: {figure}", xlabel="images seen")
plt.show()

# %% [markdown]
# **The VAE**: validation images, and below them their reconstructions.

# %%
x = torch.from_numpy(digits.validation.pixels())
z = model.encode(x)
pictures.sheet(torch.cat([x[:20], model.decode(z[:20])]).numpy(), columns=20)

# %% [markdown]
# **The latents**: ten images as 7x7 grids, and all validation images along the two directions in which their latents vary most, coloured by digit.

# %%
centred = z - z.mean(0)
plane = (centred @ torch.pca_lowrank(centred, 2)[2]).numpy()
fig = plt.figure(figsize=(10, 3.4))
left, right = fig.subfigures(1, 2)
for ax, grid in zip(left.subplots(2, 5).flat, z[:10].reshape(-1, 7, 7)):
    ax.imshow(grid, cmap="RdBu", vmin=-3, vmax=3); ax.axis("off")
dots = right.subplots().scatter(*plane.T, c=digits.validation.labels, s=2, cmap="tab10")
right.colorbar(dots, ticks=range(10)); plt.show()

# %% [markdown]
# **The flow**: from noise (top) to digits (bottom), decoded after each of the recipe's steps along the velocity that it has learned.

# %%
noise = torch.randn(20, recipe.vae.latent, generator=torch.Generator().manual_seed(1))
path = [model.decode(latents) for latents in model.paths(noise)]
pictures.sheet(torch.cat(path).numpy(), columns=20)

# %% [markdown]
# **Samples**: number k depends on the seed and on k alone, here 0 to 199.

# %%
pictures.sheet(model.generate(200, seed=0).numpy(), columns=20)

# %% [markdown]
# **The score**: all six categories, each with its error, and where the model would stand among the eight teams of 2025. This is what an organiser runs.

# %%
quickly = "--dry-run" if SHORT else ""
# !{sys.executable} -m flowleague score "{run}" {quickly} | cat  # a minute, without the bar that a terminal shows

# %% [markdown]
# **The submission**: one Python file in the contest's own interface, its weights beside it. It needs nothing of this package. From the same noise it draws the same samples, the first forty of those above.

# %%
submission = HOME / "submission"
# !{sys.executable} -m flowleague pack "{run}" --team "{TEAM}" --out "{submission}" --force
script, home = next(submission.glob("submission_*.py")).resolve(), os.getcwd()
os.chdir(submission)  # the weights are looked for where it runs
try:
    packed = {"__name__": "submission"}
    exec(compile(script.read_text(), script.name, "exec"), packed)
    entry = packed["SubmissionInterface"]()
finally:
    os.chdir(home)
torch.manual_seed(noise_seed(0, 0))
images = entry.generate_samples(48)[:40].reshape(-1, 1, 28, 28)
torch.testing.assert_close(images, model.generate(40, seed=0), rtol=0, atol=1e-5)
pictures.sheet(images.numpy(), columns=20)

# %% [markdown]
# **Handing in.** `share` uploads the weights with your own sign-in and prints links that everyone can open; `pack` once more with the links, and send the one file. Where the contest takes bundles, send the zip in `submission/bundle`.

# %%
if COLAB:
    vae, flow = sorted(submission.glob("*.safetensors"), reverse=True)
    # !{sys.executable} -m flowleague share "{vae}" "{flow}"
print("then:", f'flowleague pack "{run}" --team "{TEAM}" --out "{submission}" --force --vae-link VAE_LINK --flow-link FLOW_LINK', sep="\n")

# %% [markdown]
# **Your own architecture**: any three functions of torch, of your modules and your training, become an entry without code; every system can measure it. Here they are those of the model above. `flowleague.train(..., networks=...)` takes two modules of yours through all stages (docs/own.md).

# %%
import flowleague

functions = {
    "encode": lambda x: model.vae.posterior(x)[0],
    "decode": model.vae.decode,
    "generate": lambda n: model.draw(torch.randn(n, recipe.vae.latent)),  # noise becomes what the judge supplies
}
captured = flowleague.capture(**functions, images=digits.train.pixels()[:1000], out=HOME / "entry.zip", log=run / "training.jsonl")
{name: f"{len(made.program.steps)} operations, equal to {made.largest:.0e}" for name, made in captured.items()}
