"""Are the probabilities honest? Temperature, expected calibration error, and a judge's figures on real images.

p(c | x) = softmax(z(x) / T)_c      T minimises the mean of -log p(label | x) on the validation split
ECE      = sum_b n_b / n |accuracy_b - confidence_b|      15 equal bins of the confidence max_c p(c | x)

Reference: Guo et al., On Calibration of Modern Neural Networks, arXiv:1706.04599, equations 3 and 9.
"""

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar
from scipy.special import log_softmax

BINS = 15


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


def expected_calibration_error(log_p: NDArray[np.floating], labels: NDArray[np.integer], bins: int = BINS) -> float:
    """ECE of log probabilities (n, C) against labels (n,), in [0, 1]; bins are (k/bins, (k + 1)/bins]."""
    confidence = np.exp(np.asarray(log_p, np.float64)).max(1).clip(0, 1)
    gap = (log_p.argmax(1) == labels) - confidence
    bin_of = np.ceil(confidence * bins).astype(int) - 1
    return float(np.abs(np.bincount(bin_of, gap, minlength=bins)).sum() / len(labels))


def bootstrap_error(log_p: NDArray[np.floating], labels: NDArray[np.integer], repeats: int = 200) -> float:
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
        "standard_error": bootstrap_error(log_p, labels),
        "n": n,
    }
    return {
        "accuracy": found["accuracy"],
        "calibration_error": ece,
        "entropy": found["entropy"],
        "confidence": found["confidence"],
    }
