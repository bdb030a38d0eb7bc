"""What the metrics mean, a sentence each, for readers of the board. Titles, units and directions: the catalogue."""

from flowleague.scorecard.catalogue import KINDS

_GAP = "How far the judges' mean {what} in {images} lies from that in real test images, on either side."
_TO = "How many {unit} of training until {target}; those that never get there have no value."
_TARGETS = {
    "vae_{}_to_easy_target": "the autoencoder's validation error falls to 0.010",
    "vae_{}_to_hard_target": "the autoencoder's validation error falls to 0.006",
    "flow_{}_to_target": "the flow's validation loss has made 95 % of its fall",
}
_SOURCES = {
    "consistency.gaussian_": "decoded draws of a Gaussian fitted to the latents of test images",
    "consistency.midpoint_": "decoded midpoints between the latents of two test images",
    "quality.": "samples",
}

MEANINGS: dict[str, str] = {
    "reconstruction.mse": "Mean squared error between test images and what the autoencoder makes of them.",
    "reconstruction.ssim": "How alike test images and reconstructions are in structure: 1 is equal.",
    "reconstruction.digit_kept": "Share of reconstructions in which the judges read the original's digit.",
    "quality.frechet": "Distance between the judges' features of samples and of real images, as Gaussians.",
    "quality.precision": "Share of samples that lie among real images: how believable they are.",
    "quality.density": "How many real images' neighbourhoods a sample lies in, on average.",
    "diversity.class_divergence": "How far the digits' frequencies in samples are from those of real images.",
    "diversity.recall": "Share of real images that lie among samples: how much of the real variety is covered.",
    "diversity.coverage": "Share of real images with a sample in their own neighbourhood.",
    "diversity.class_spread_gap": "How far the spread of samples within each digit is from that of real images.",
    "diversity.near_duplicates": "Share of samples that nearly repeat another sample.",
    "diversity.training_copies": "Share of samples nearer to a training image than 1 % of real test images are.",
    "efficiency.tensors_total": "All numbers in the weight files, of the autoencoder and the flow, buffers included.",
    "efficiency.weight_bytes": "Size of the weight files.",
    "efficiency.nfe": "How often the velocity network runs to make one sample.",
    "efficiency.flops": "Arithmetic operations to make one sample.",
    "efficiency.time_ratio": "Time to make an image, over that of a fixed workload on the same machine.",
    "efficiency.parameters_official": "Trainable parameters as the contest of 2025 counted them; buffers are free.",
    "efficiency.time_per_image": "Time to make one image on the machine that measured.",
    "training_performance.vae_final_mse": "The autoencoder's error on validation images when its training ended.",
    "training_performance.vae_curve_area": "The autoencoder's mean validation error over its first ten epochs.",
    "training_performance.flow_curve_area": "Mean share of the flow's fall in loss still to go, over 100 epochs.",
}
MEANINGS |= {
    f"{source}{what}_gap": _GAP.format(what=what, images=images)
    for source, images in _SOURCES.items()
    for what in ("confidence", "entropy")
}
MEANINGS |= {
    f"training_performance.{name.format(unit)}": _TO.format(unit=unit, target=target)
    for name, target in _TARGETS.items()
    for unit in ("images", "epochs", "seconds")
}


def meaning(metric: str) -> str:
    """What a metric means; of one without a sentence, what it is compared with."""
    if metric in MEANINGS:
        return MEANINGS[metric]
    reference = KINDS[metric].reference if metric in KINDS else ""
    return f"Shown beside {reference}." if reference else ""
