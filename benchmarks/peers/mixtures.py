"""The peers that draw latents from a mixture of Gaussians: principal components, and pythae's autoencoder."""

import time
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import torch
from benchmarks.peers.entries import rae
from benchmarks.peers.fit import SEED, fit, follow
from safetensors.torch import save_file
from torch import Tensor
from torch.optim import Adam

from flowleague.data import TrainingData
from flowleague.model.latent_flow import write_weights
from flowleague.training.objectives import Digits

COMPONENTS = 100  # Gaussians on the principal components
ROUND = 5  # iterations of EM between looks at the clock
RAE_SHARE = 0.9  # of the budget for the autoencoder; the rest is for its mixture


def train_pca(size: int, folder: Path, data: TrainingData, budget: float) -> None:
    """The first principal components, by the covariance's eigenvectors, and EM until it converges or time is up."""
    from sklearn.exceptions import ConvergenceWarning  # pyright: ignore[reportMissingImports]
    from sklearn.mixture import GaussianMixture  # pyright: ignore[reportMissingImports]

    start = time.process_time()
    x = torch.tensor(data.train.pixels()).flatten(1)
    mean = x.mean(dim=0)
    components = torch.linalg.eigh((x - mean).T.cov()).eigenvectors.T.flip(0)[:size].contiguous()
    z = ((x - mean) @ components.T).numpy()
    mixture = GaussianMixture(COMPONENTS, warm_start=True, max_iter=ROUND, random_state=SEED)
    rounds = 0
    with warnings.catch_warnings(action="ignore", category=ConvergenceWarning):
        while time.process_time() - start < budget and not (rounds and mixture.converged_):
            mixture.fit(z)
            rounds += 1
            spent = time.process_time() - start
            print(
                f"EM: {ROUND * rounds} iterations, {spent:.0f} processor s, bound {mixture.lower_bound_:.4f}",
                flush=True,
            )
    save_file({"mean": mean, "components": components}, folder / "vae.safetensors")
    save_file(stored(mixture), folder / "flow.safetensors")


def train_rae(folder: Path, data: TrainingData, budget: float) -> None:
    """pythae's RAE-L2 with its default networks and weights of the loss; its sampler then fits 10 Gaussians."""
    from pythae.models import RAE_L2, RAE_L2_Config  # pyright: ignore[reportMissingImports]
    from pythae.samplers import GaussianMixtureSampler  # pyright: ignore[reportMissingImports]

    digits = Digits.on(torch.device("cpu"), data)
    config = RAE_L2_Config(input_dim=(1, 28, 28), latent_dim=rae.LATENT)
    model = RAE_L2(config)
    optimizer = Adam([  # as in pythae's CoupledOptimizerTrainer, the decoder alone decays
        {"params": model.encoder.parameters()},
        {"params": model.decoder.parameters(), "weight_decay": config.reg_weight},
    ], lr=1e-3)  # fmt: skip

    def loss_at(rows: Tensor, _: float) -> Tensor:
        return model({"data": digits.pixels(rows)}).loss

    follow("RAE", fit(optimizer, loss_at, len(digits.train), seconds=RAE_SHARE * budget, batch=100))
    np.random.seed(SEED)  # noqa: NPY002 - what the sampler draws its first means from
    sampler = GaussianMixtureSampler(model.eval())
    sampler.fit(data.train.pixels())
    autoencoder = rae.Autoencoder()
    for ours, theirs in ((autoencoder.encoder, model.encoder), (autoencoder.decoder, model.decoder)):
        ours.load_state_dict(dict(zip(ours.state_dict(), theirs.state_dict().values(), strict=True)))
    write_weights(folder / "vae.safetensors", autoencoder)
    save_file(stored(sampler.gmm), folder / "flow.safetensors")


def stored(mixture: Any) -> dict[str, Tensor]:
    """scikit-learn's mixture, fitted, as its entry reads it."""
    means = mixture.means_
    rows, columns = np.tril_indices(means.shape[1])
    triangles = np.ascontiguousarray(np.linalg.cholesky(mixture.covariances_)[:, rows, columns])
    arrays = {"weights": mixture.weights_, "means": means, "triangles": triangles}
    return {name: torch.tensor(array, dtype=torch.float32) for name, array in arrays.items()}
