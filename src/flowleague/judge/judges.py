"""The two judges: loading, the proof that they are what their cards say, and reading images.

A folder of judges holds, for each network, `<name>.safetensors` and its card `<name>.json`, and one
`sample.safetensors`: warped training digits with labels, the fixed sample of the proof. No data set is needed.
The judges of MNIST are in the package; a contest on other data names the folder that `flowleague judges train`
wrote.

Proof, before every use: the SHA-256 of both files equals the card's; no module is in training mode; an image reads
the same alone as among others; the sample is read with the accuracy and the entropy that the card records.
"""

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.torch import load, save
from torch import Tensor

from flowleague.errors import JudgeError
from flowleague.judge.calibration import entropies
from flowleague.judge.classifiers import NETWORKS, Classifier

WEIGHTS = Path(__file__).parent / "weights"
SAMPLE = "sample.safetensors"
BATCH = 100  # fits the cache: 250 reads a third slower
ENTROPY_TOLERANCE = 1e-3  # nats, between machines


@dataclass(frozen=True)
class Reading:
    """What a judge saw in n images, float32: calibrated log probabilities (n, C), penultimate features (n, F)."""

    log_probabilities: NDArray[np.float32]
    features: NDArray[np.float32]


@dataclass(frozen=True)
class Judge:
    """A classifier in eval mode with its temperature; `card` says how it was made and what it reaches."""

    name: str
    sha256: str
    card: dict[str, Any]
    network: Classifier

    def read(self, images: Tensor | NDArray[np.float32], batch: int = BATCH) -> Reading:
        """Read float32 images (n, 1, 28, 28) in [0, 1]; deterministic. Raises `JudgeError` for anything else."""
        x = check_images(images)
        if any(module.training for module in self.network.modules()):
            raise JudgeError(f"The judge {self.name} is in training mode; load the judges again.")
        with torch.inference_mode():
            features = torch.cat([self.network.features(chunk) for chunk in x.split(batch)])
            logits = self.network.head(features)
            log_p = (logits / self.card["temperature"]).log_softmax(1)
        return Reading(log_p.numpy(), features.numpy())

    def prove(self, images: Tensor, labels: Tensor) -> None:
        """Read the fixed sample and compare with the card; raises `JudgeError` when the judge is not itself."""
        log_p, expected = self.read(images).log_probabilities, self.card["sample"]
        alone = np.concatenate([self.read(images[i : i + 1]).log_probabilities for i in range(4)])
        accuracy, entropy = agreement(log_p, labels.numpy())
        if not np.allclose(alone, log_p[:4], atol=1e-3):
            raise JudgeError(f"The judge {self.name} reads an image differently among others; install it again.")
        # one borderline digit may fall on the other side where another processor rounds differently
        if abs(accuracy - expected["accuracy"]) * len(log_p) > 1.5:
            raise JudgeError(
                f"The judge {self.name} reads {accuracy:.2%} of its fixed sample where its card records "
                f"{expected['accuracy']:.2%} (n = {len(log_p)}); install it again."
            )
        if abs(entropy - expected["entropy"]) > ENTROPY_TOLERANCE:
            raise JudgeError(
                f"The judge {self.name} is {entropy:.4f} nats unsure of its fixed sample where its card records "
                f"{expected['entropy']:.4f}; install it again."
            )


def load_judges(dataset: str | Path = "mnist") -> tuple[Judge, Judge]:
    """The two proven judges of a data set: "mnist", or the folder that `flowleague judges train` wrote.

    Raises `JudgeError` when there are none or one of them fails its proof.
    """
    shipped = WEIGHTS / str(dataset)
    folder = shipped if shipped.is_dir() else Path(dataset).expanduser()
    if not folder.is_dir():
        raise JudgeError(
            f"There are no judges for '{dataset}'; train them with: flowleague judges train --dataset NAME "
            f"--out DIR, then give that folder."
        )
    first, second = (load_judge(folder, name) for name in NETWORKS)
    return first, second


def load_judge(folder: Path, name: str) -> Judge:
    """Load one judge from its folder and let it prove itself; raises `JudgeError`."""
    try:
        card = json.loads((folder / f"{name}.json").read_text())
        weights, sample = (folder / f"{name}.safetensors").read_bytes(), (folder / SAMPLE).read_bytes()
    except (OSError, ValueError) as error:
        raise JudgeError(f"The judge {name} in {folder} is incomplete ({error}); install it again.") from error
    sha256 = hashlib.sha256(weights).hexdigest()
    try:
        if sha256 != card["sha256"] or hashlib.sha256(sample).hexdigest() != card["sample"]["sha256"]:
            raise JudgeError(f"The files of judge {name} in {folder} are not those of its card; install it again.")
        network = NETWORKS[card["network"]](card["classes"])
        network.load_state_dict(load(weights))
        proof = load(sample)
        network.eval().requires_grad_(False)
        network.to(memory_format=torch.channels_last)  # pyright: ignore[reportCallIssue]  # 1.5x faster
        judge = Judge(name, sha256, card, network)
        judge.prove(proof["images"].float() / 255, proof["labels"])
    except (KeyError, TypeError, RuntimeError, SafetensorError) as error:
        reason = " ".join(str(error).split())
        raise JudgeError(f"The judge {name} in {folder} does not fit its card ({reason}); install it again.") from error
    return judge


def save_judge(folder: Path, card: dict[str, Any], network: Classifier, images: Tensor, labels: Tensor) -> Judge:
    """Write weights, card and fixed sample (bytes (n, 1, 28, 28), labels (n,)), and load the judge from them.

    Completes the card with what the files determine: hashes, sizes, and the readings of the sample.
    """
    # training in channels_last leaves strided weights, which safetensors refuses
    weights = save({name: value.detach().contiguous() for name, value in network.state_dict().items()})
    sample = save({"images": images.contiguous(), "labels": labels.contiguous()})
    sha256 = hashlib.sha256(weights).hexdigest()
    unproven = Judge(card["name"], sha256, card, network.eval())
    accuracy, entropy = agreement(unproven.read(images.float() / 255).log_probabilities, labels.numpy())
    card = card | {
        "sha256": sha256,
        "bytes": len(weights),
        "parameters": sum(p.numel() for p in network.parameters()),
        "sample": {
            "sha256": hashlib.sha256(sample).hexdigest(),
            "n": len(labels),
            "accuracy": accuracy,
            "entropy": entropy,
        },
    }
    (folder / SAMPLE).write_bytes(sample)
    (folder / f"{card['name']}.safetensors").write_bytes(weights)
    (folder / f"{card['name']}.json").write_text(json.dumps(card, indent=2) + "\n")
    return load_judge(folder, card["name"])


def agreement(log_p: NDArray[np.float32], labels: NDArray[np.integer]) -> tuple[float, float]:
    """Share of labels read right, and mean entropy in nats."""
    return float((log_p.argmax(1) == labels).mean()), float(entropies(log_p).mean())


def check_images(images: Tensor | NDArray[np.float32]) -> Tensor:
    """The images as a float32 tensor (n, 1, 28, 28) in [0, 1], n > 0; raises `JudgeError` for anything else."""
    x = images.detach().cpu().numpy() if isinstance(images, Tensor) else np.asarray(images)
    if x.dtype != np.float32 or x.ndim != 4 or x.shape[1:] != (1, 28, 28) or len(x) == 0:
        raise JudgeError(
            f"A judge reads float32 images of shape (n, 1, 28, 28) with n > 0; these are {x.dtype} of shape {x.shape}."
        )
    low, high = x.min(), x.max()
    if not (low >= 0 and high <= 1):  # false for NaN too
        raise JudgeError(f"A judge reads pixels in [0, 1]; these span {low:.3g} to {high:.3g}.")
    return torch.from_numpy(np.require(x, requirements=["C", "W"]))  # torch warns of read-only arrays
