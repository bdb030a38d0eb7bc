"""Images of one's own as a data set: a folder of pictures in a folder for each class, or a file of numpy arrays.

    FOLDER/0/*.png ... FOLDER/9/*.png              all are for training
    FOLDER/train/0/*.png, FOLDER/test/0/*.png      "training" and "testing" are known too
    FILE.npz                                       x_train, y_train and, for measuring, x_test, y_test

What is read becomes the same four IDX parts that the published sets have: their SHA-256 tells what was trained on.
Pictures stand in the order of their hashes, so that the last ones, which validate, are of all classes.
"""

import hashlib
import io
import zipfile
from collections.abc import Iterable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from flowleague.data.datasets import Part
from flowleague.data.idx import IMAGE_SIZE, to_idx
from flowleague.errors import DataError

_FOLDERS = {"train": ("train", "training"), "t10k": ("test", "testing")}
_ENDINGS = (".png", ".bmp", ".pgm", ".jpg", ".jpeg", ".gif", ".tif", ".tiff", ".webp")
_LARGEST = 2**30  # bytes of an array


def is_own(path: Path) -> bool:
    """Whether a path is a file of arrays, or a folder with a folder for each class."""
    if path.is_dir():
        return bool(_classes(path) or _split(path, "train"))
    return path.is_file() and path.suffix == ".npz"


def read_own(path: Path, parts: Iterable[Part]) -> dict[Part, bytes]:
    """Parts of images of one's own, each as a raw IDX file; raises `DataError`."""
    read, parts = _from_arrays if path.is_file() else _from_pictures, tuple(parts)
    splits = {split: read(path, split) for split in {part.partition("-")[0] for part in parts}}
    return {part: to_idx(splits[part.partition("-")[0]][0 if part.endswith("images") else 1]) for part in parts}


def _from_arrays(path: Path, split: str) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    names = [f"{letter}_{'train' if split == 'train' else 'test'}" for letter in "xy"]
    images, labels = (_array(path, name) for name in names)
    if images.ndim == 4 and 1 in (images.shape[1], images.shape[3]):
        images = images.reshape(len(images), *(side for side in images.shape[1:] if side != 1))
    if images.shape[1:] != (IMAGE_SIZE, IMAGE_SIZE) or images.dtype != np.uint8:
        raise DataError(
            f"{names[0]} of {path} is {images.dtype} of shape {images.shape}; make it uint8, 0 to 255, of shape "
            "(N, 28, 28)."
        )
    if labels.shape != images.shape[:1] or labels.dtype.kind not in "iu" or not _are_labels(labels):
        raise DataError(f"{names[1]} of {path} must be a whole number from 0 to 255 for each image of {names[0]}.")
    return images, labels.astype(np.uint8)


def _are_labels(labels: NDArray[np.integer]) -> bool:
    return not labels.size or bool(labels.min() >= 0 and labels.max() <= 255)


def _array(path: Path, name: str) -> NDArray:
    try:
        with zipfile.ZipFile(path) as archive:
            member = archive.getinfo(f"{name}.npy")
            if member.file_size > _LARGEST:
                raise DataError(f"{name} of {path} has more than {_LARGEST} bytes.")
            return np.lib.format.read_array(io.BytesIO(archive.read(member)), allow_pickle=False)
    except KeyError as error:
        raise DataError(
            f"{path} holds no {name}; it needs x_train and y_train, and to be measured on x_test and y_test."
        ) from error
    except (OSError, ValueError, zipfile.BadZipFile) as error:
        raise DataError(
            f"{path} is not a file of numpy arrays that can be read ({error}); write it with numpy.savez."
        ) from error


def _from_pictures(path: Path, split: str) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    folder = _split(path, split) or (path if split == "train" else None)
    if folder is None:
        raise DataError(
            f"{path} holds no folder test with pictures to measure on; measure on another set with --dataset."
        )
    read = [(_pixels(file), label) for label, place in _classes(folder).items() for file in _pictures(place)]
    if not read:
        raise DataError(f"{folder} holds no pictures ({', '.join(_ENDINGS[:3])}, ...) in its folders.")
    read.sort(key=lambda pair: (hashlib.sha256(pair[0].tobytes()).digest(), pair[1]))
    return np.stack([pixels for pixels, _ in read]), np.array([label for _, label in read], np.uint8)


def _split(path: Path, split: str) -> Path | None:
    """The folder of the pictures that train, or test."""
    return next((path / name for name in _FOLDERS[split] if (path / name).is_dir() and _classes(path / name)), None)


def _classes(folder: Path) -> dict[int, Path]:
    """The folders of the classes by label, which their names are."""
    found = {
        int(place.name): place
        for place in folder.iterdir()
        if place.name.isascii() and place.name.isdigit() and place.is_dir()
    }
    return {label: found[label] for label in sorted(found) if label <= 255}


def _pictures(place: Path) -> list[Path]:
    return sorted(file for file in place.iterdir() if file.suffix.lower() in _ENDINGS)


def _pixels(file: Path) -> NDArray[np.uint8]:
    """A picture's grey values (28, 28)."""
    from PIL import Image, UnidentifiedImageError

    try:
        with Image.open(file) as image:
            if image.size != (IMAGE_SIZE, IMAGE_SIZE):
                raise DataError(
                    f"{file} is {image.width}x{image.height}; FlowLeague works on 28x28, so scale the pictures."
                )
            return np.asarray(image.convert("L"), np.uint8)
    except (OSError, UnidentifiedImageError, Image.DecompressionBombError) as error:
        raise DataError(f"{file} is no picture that can be read ({error}); mend or remove it.") from error
