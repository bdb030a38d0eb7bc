"""The two judges: loading, the proof that they are what their cards say, and reading images.

A folder of judges holds, for each network, `<name>.safetensors` and its card `<name>.json`, and one
`sample.safetensors`: warped training digits with labels, the fixed sample of the proof. No data set is needed.
The judges of MNIST are in the package; a contest on other data names the folder that `flowleague judges train`
wrote.

Proof, before every use: the SHA-256 of both files equals the card's; no module is in training mode; an image reads
the same alone as among others; the sample is read with the accuracy and the entropy that the card records.

Calibration (Guo et al., On Calibration of Modern Neural Networks, arXiv:1706.04599, equations 3 and 9):
    p(c | x) = softmax(z(x) / T)_c      T minimises the mean of -log p(label | x) on the validation split
    ECE      = sum_b n_b / n |accuracy_b - confidence_b|      15 equal bins of the confidence max_c p(c | x)
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
from scipy.optimize import minimize_scalar
from scipy.special import log_softmax
from torch import Tensor

from flowleague.errors import JudgeError
from flowleague.files import at_home, write_atomically
from flowleague.judge.classifiers import NETWORKS, Classifier
from flowleague.text import number, percent

WEIGHTS = Path(__file__).parent / "weights"
SAMPLE = "sample.safetensors"
HELD_OUT = "residual-cnn"  # the network of a contest's held-out judge
BATCH = 100  # fits the cache: 250 reads a third slower
_ENTROPY_TOLERANCE = 1e-3  # nats, between machines
_BINS = 15  # of the calibration error


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
        x = _check_images(images)
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
        accuracy, entropy = _agreement(log_p, labels.numpy())
        if not np.allclose(alone, log_p[:4], atol=1e-3):
            raise JudgeError(f"The judge {self.name} reads an image differently among others; install it again.")
        # one borderline digit may fall on the other side where another processor rounds differently
        if abs(accuracy - expected["accuracy"]) * len(log_p) > 1.5:
            raise JudgeError(
                f"The judge {self.name} reads {percent(accuracy, 4)} of its fixed sample where its card records "
                f"{percent(expected['accuracy'], 4)} (n = {len(log_p)}); install it again."
            )
        if abs(entropy - expected["entropy"]) > _ENTROPY_TOLERANCE:
            raise JudgeError(
                f"The judge {self.name} is {number(entropy)} nats unsure of its fixed sample where its card records "
                f"{number(expected['entropy'])}; install it again."
            )


def load_judges(dataset: str | Path = "mnist") -> tuple[Judge, Judge]:
    """The two proven judges of a data set: "mnist", or the folder that `flowleague judges train` wrote.

    Raises `JudgeError` when there are none or one of them fails its proof.
    """
    shipped = WEIGHTS / str(dataset)
    folder = shipped if shipped.is_dir() else at_home(dataset)
    if not folder.is_dir():
        raise JudgeError(
            f"There are no judges for '{dataset}'; train them with: flowleague judges train --dataset {dataset} "
            f"--out judges, and move that folder into the contest's, or give it with --judges."
        )
    first, second = (load_judge(folder, name) for name in NETWORKS)
    return first, second


def load_held_out(folder: Path) -> Judge:
    """The proven held-out judge of a contest; raises `JudgeError`."""
    return load_judge(folder, HELD_OUT)


def load_judge(folder: Path, name: str) -> Judge:
    """Load one judge from its folder and let it prove itself; raises `JudgeError`."""
    try:
        card = json.loads((folder / f"{name}.json").read_text(encoding="utf-8"))
        weights, sample = (folder / f"{name}.safetensors").read_bytes(), (folder / SAMPLE).read_bytes()
    except (OSError, ValueError) as error:
        why = f"{Path(error.filename).name}: {error.strerror}" if isinstance(error, OSError) else error
        raise JudgeError(f"The judge {name} in {folder} is incomplete ({why}); install or copy it again.") from error
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
    accuracy, entropy = _agreement(unproven.read(images.float() / 255).log_probabilities, labels.numpy())
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
    write_atomically(folder / f"{card['name']}.json", (json.dumps(card, indent=2) + "\n").encode())  # last
    return load_judge(folder, card["name"])


def _agreement(log_p: NDArray[np.float32], labels: NDArray[np.integer]) -> tuple[float, float]:
    """Share of labels read right, and mean entropy in nats."""
    return float((log_p.argmax(1) == labels).mean()), float(entropies(log_p).mean())


def _check_images(images: Tensor | NDArray[np.float32]) -> Tensor:
    """The images as a float32 tensor (n, 1, 28, 28) in [0, 1], n > 0; raises `JudgeError` for anything else."""
    x = images.detach().cpu().numpy() if isinstance(images, Tensor) else np.asarray(images)
    if x.dtype != np.float32 or x.ndim != 4 or x.shape[1:] != (1, 28, 28) or len(x) == 0:
        raise JudgeError(
            f"A judge reads float32 images of shape (n, 1, 28, 28) with n > 0; these are {x.dtype} of shape {x.shape}."
        )
    low, high = x.min(), x.max()
    if not (low >= 0 and high <= 1):  # false for NaN too
        raise JudgeError(f"A judge reads pixels in [0, 1]; these span {number(low, 3)} to {number(high, 3)}.")
    return torch.from_numpy(np.require(x, requirements=["C", "W"]))  # torch warns of read-only arrays


def fit_temperature(logits: NDArray[np.floating], labels: NDArray[np.integer]) -> float:
    """The T in [0.05, 20] of least negative log likelihood, for logits (n, C) and labels (n,).

    The likelihood is concave in 1/T, hence unimodal in log T: a bounded scalar search finds it.
    """
    z = np.asarray(logits, np.float64)

    def nll(log_t: float) -> float:
        return -log_softmax(z / np.exp(log_t), axis=1)[np.arange(len(z)), labels].mean()

    found = minimize_scalar(nll, bounds=(np.log(0.05), np.log(20)), method="bounded", options={"xatol": 1e-6})
    return float(np.exp(found.x))


def entropies(log_p: NDArray[np.floating]) -> NDArray[np.float64]:
    """Predictive entropy of each row of log probabilities (n, C), in nats."""
    log_p = np.asarray(log_p, np.float64)
    p = np.exp(log_p)
    return -(p * np.where(p > 0, log_p, 0)).sum(1)


def expected_calibration_error(log_p: NDArray[np.floating], labels: NDArray[np.integer], bins: int = _BINS) -> float:
    """ECE of log probabilities (n, C) against labels (n,), in [0, 1]; bins are (k/bins, (k + 1)/bins]."""
    confidence = np.exp(np.asarray(log_p, np.float64)).max(1).clip(0, 1)
    gap = (log_p.argmax(1) == labels) - confidence
    bin_of = np.ceil(confidence * bins).astype(int) - 1
    return float(np.abs(np.bincount(bin_of, gap, minlength=bins)).sum() / len(labels))


def _bootstrap_error(log_p: NDArray[np.floating], labels: NDArray[np.integer], repeats: int = 200) -> float:
    """Bootstrap standard error of the ECE: the deviation over seeded resamples of the images."""
    rng = np.random.default_rng(0)
    draws = (rng.integers(len(labels), size=len(labels)) for _ in range(repeats))
    return float(np.std([expected_calibration_error(log_p[i], labels[i]) for i in draws], ddof=1))


def figures(log_p: NDArray[np.floating], labels: NDArray[np.integer]) -> dict[str, dict[str, float]]:
    """Accuracy, calibration error, entropy (nats) and confidence, each with standard error and n images."""
    per_image = {
        "accuracy": (log_p.argmax(1) == labels).astype(np.float64),
        "entropy": entropies(log_p),
        "confidence": np.exp(np.asarray(log_p, np.float64)).max(1),
    }
    n = len(labels)
    found = {
        name: {"value": float(v.mean()), "standard_error": float(v.std(ddof=1) / np.sqrt(n)), "n": n}
        for name, v in per_image.items()
    }
    ece = {
        "value": expected_calibration_error(log_p, labels),
        "standard_error": _bootstrap_error(log_p, labels),
        "n": n,
    }
    return {
        "accuracy": found["accuracy"],
        "calibration_error": ece,
        "entropy": found["entropy"],
        "confidence": found["confidence"],
    }
