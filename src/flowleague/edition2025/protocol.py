"""The protocol of the 2025 contest, ``dlaie-2025``: seven columns as its published code computed them.

It serves comparison with the old board, faults included; `flowleague.judge.measure` is ours. The judge is the contest's
residual CNN, whose weights the user provides. It scored the class in training mode (dropout on, batch norm with batch
statistics) and the open board in eval mode; `mode` chooses.

    total_params      parameters of VAE and flow, without buffers
    time_per_sample   seconds of the first call of generate(2048), clean-up included, over 2048
    mse, ssim         decode(encode(x)) on the first 256 test images in file order
    entropy           mean of -Σ p log(p + 1e-8) over 2048 generated images, nats
    kl_div_classes    Σ real (log real - log generated) over frequencies of predicted classes; inf for a missing class
    gen_confidence    mean of max p over the generated images
"""

import math
import re
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
import safetensors
import safetensors.torch
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor, nn

from flowleague.data import Split
from flowleague.entrant.model import Model
from flowleague.errors import JudgeError
from flowleague.judge.kernels import squared_error, ssim

Mode = Literal["train", "eval"]
SAMPLES = 2048
_RECONSTRUCTED = 256


class Block(nn.Module):
    """x + conv-BN-SiLU-dropout-conv-BN, then SiLU."""

    def __init__(self, channels: int):
        super().__init__()
        self.conv1 = nn.Conv2d(channels, channels, 3, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(channels)
        self.conv2 = nn.Conv2d(channels, channels, 3, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(channels)

    def forward(self, x: Tensor) -> Tensor:
        """(B, C, H, W) to the same shape."""
        h = F.dropout(F.silu(self.bn1(self.conv1(x))), 0.4, self.training)
        return F.silu(x + self.bn2(self.conv2(h)))


class OfficialJudge(nn.Module):
    """The contest's classifier: three levels of four residual blocks with 32, 64 and 128 channels."""

    def __init__(self, stem_bias: bool = False):
        super().__init__()
        self.conv1 = nn.Conv2d(1, 32, 3, padding=1, bias=stem_bias)
        self.bn1 = nn.BatchNorm2d(32)
        self.levels = nn.ModuleList(nn.ModuleList(Block(c) for _ in range(4)) for c in (32, 64, 128))
        self.transitions = nn.ModuleList(nn.Conv2d(c, 2 * c, 1, bias=False) for c in (32, 64))
        self.fc = nn.Linear(128, 10)

    def forward(self, x: Tensor) -> Tensor:
        """Images (B, 1, 28, 28) to logits (B, 10)."""
        h = F.silu(self.bn1(self.conv1(x)))
        for i, level in enumerate(self.levels):
            if i:
                h = self.transitions[i - 1](F.avg_pool2d(h, 2))
            for block in level:  # pyright: ignore[reportGeneralTypeIssues] - a ModuleList of ModuleLists
                h = block(h)
        return self.fc(h.mean((2, 3)))


def load_official_judge(path: str | Path) -> OfficialJudge:
    """Read the contest's classifier from its safetensors file; raises `JudgeError` for anything else."""
    try:
        state = safetensors.torch.load_file(path)
        # if a transition is a sequence of pooling and convolution, the name holds the index in it
        state = {re.sub(r"^(transitions\.\d)\.1\.", r"\1.", name): weight for name, weight in state.items()}
        judge = OfficialJudge(stem_bias="conv1.bias" in state)
        judge.load_state_dict(state)
    except (OSError, safetensors.SafetensorError, RuntimeError) as error:
        reason = str(error).strip().splitlines()[0][:200]
        raise JudgeError(
            f"{path} does not hold the classifier of the 2025 contest ({reason}); give the safetensors file that the "
            f"organiser shares."
        ) from error
    return judge


@dataclass(frozen=True)
class OfficialRow:
    """The seven columns, in the board's order and units; nan if a column could not be computed."""

    total_params: float
    time_per_sample: float
    mse: float
    ssim: float
    entropy: float
    kl_div_classes: float
    gen_confidence: float


def measure_official(model: Model, judge: OfficialJudge, test: Split, mode: Mode, seed: int = 0) -> OfficialRow:
    """The official columns of a model. Unlike in 2025, samples, real images and dropout follow the seed."""
    start = time.perf_counter()
    samples = cleaned(model.generate(SAMPLES, seed))
    seconds = time.perf_counter() - start
    x = test.pixels(_RECONSTRUCTED)
    y = cleaned(model.decode(model.encode(x.copy())))
    drawn = np.random.default_rng(seed).permutation(len(test))[:SAMPLES]
    p, real = (probabilities(judge, images, mode, seed) for images in (samples, test.pixels()[drawn]))
    return OfficialRow(
        total_params=math.nan if model.facts.parameters is None else float(model.facts.parameters),
        time_per_sample=seconds / SAMPLES,
        mse=float(squared_error(x, y).mean()),
        ssim=float(ssim(x, y).mean()),
        entropy=predictive_entropy(p),
        kl_div_classes=class_divergence(real, p),
        gen_confidence=float(p.max(1).mean()),
    )


def cleaned(images: NDArray) -> NDArray[np.float32]:
    """Images in any shape as (B, 1, 28, 28); when any value leaves [0, 1], the sigmoid of all of them."""
    x = torch.from_numpy(np.array(images, np.float32)).reshape(len(images), 1, 28, 28)
    inside = bool(x.min() >= 0) and bool(x.max() <= 1)
    return (x if inside else x.sigmoid()).numpy()


def probabilities(judge: OfficialJudge, images: NDArray[np.float32], mode: Mode, seed: int) -> NDArray[np.float64]:
    """Class probabilities (N, 10) of images in one batch; the judge's weights and statistics are restored."""
    state = {name: tensor.clone() for name, tensor in judge.state_dict().items()}
    judge.train(mode == "train")
    with torch.random.fork_rng(devices=[]), torch.inference_mode():
        torch.manual_seed(seed)
        p = judge(torch.from_numpy(images)).softmax(1).double().numpy()
    judge.load_state_dict(state)  # training mode changes the running statistics
    return p


def predictive_entropy(p: NDArray[np.float64]) -> float:
    """Mean of -Σ p log(p + 1e-8) over images, nats."""
    return float(-(p * np.log(p + 1e-8)).sum(1).mean())


def class_divergence(real: NDArray[np.float64], generated: NDArray[np.float64]) -> float:
    """Σ real (log real - log generated) over frequencies of classes predicted from probabilities (N, 10), in nats."""
    q, g = (np.bincount(p.argmax(1), minlength=10) / len(p) for p in (real, generated))
    with np.errstate(divide="ignore"):
        return float(sum(a * (np.log(a) - np.log(b)) for a, b in zip(q, g, strict=True) if a > 0))
