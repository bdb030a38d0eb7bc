"""Images of one's own: pictures in folders and numpy's arrays, read as the same four parts, and told from MNIST's."""

import hashlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from flowleague.data import TrainingData, described, load_test, load_training
from flowleague.data.idx import to_idx
from flowleague.errors import DataError


def pictures(folder: Path, images: np.ndarray, labels: np.ndarray) -> Path:
    for number, (image, label) in enumerate(zip(images, labels, strict=True)):
        (folder / str(label)).mkdir(parents=True, exist_ok=True)
        Image.fromarray(image).save(folder / str(label) / f"{number}.png")
    return folder


def rows(images: np.ndarray) -> set[bytes]:
    return {image.tobytes() for image in images}


def test_pictures_train_and_validate_on_all_classes_and_their_hash_is_that_of_the_parts(
    digits: TrainingData, tmp_path: Path
) -> None:
    images, labels = digits.train.images[:240], digits.train.labels[:240]
    pictures(tmp_path / "train", images[:200], labels[:200])
    pictures(tmp_path / "test", images[200:], labels[200:])
    read = load_training(str(tmp_path))
    whole = np.concatenate([read.train.images, read.validation.images])
    assert rows(whole) == rows(images[:200])
    assert (len(read.train), len(read.validation)) == (184, 16)
    assert len(set(read.validation.labels.tolist())) > 4  # and not the last class alone
    known = {image.tobytes(): label for image, label in zip(images, labels, strict=True)}
    assert all(known[i.tobytes()] == label for i, label in zip(read.train.images, read.train.labels, strict=True))
    assert read.sha256["train-images"] == hashlib.sha256(to_idx(whole)).hexdigest()
    assert rows(load_test(str(tmp_path)).images) == rows(images[200:])
    assert described(str(tmp_path), read.sha256) == "own images, not MNIST's"


def test_pictures_without_a_folder_for_tests_train_and_say_so_when_they_are_to_measure(
    digits: TrainingData, tmp_path: Path
) -> None:
    pictures(tmp_path, digits.train.images[:24], digits.train.labels[:24])
    assert len(load_training(str(tmp_path)).train) == 22
    with pytest.raises(DataError, match=r"holds no folder test .* --dataset"):
        load_test(str(tmp_path))


@pytest.mark.parametrize("shape", [(-1, 28, 28), (-1, 28, 28, 1), (-1, 1, 28, 28)])
def test_arrays_are_read_in_their_order(shape: tuple[int, ...], digits: TrainingData, tmp_path: Path) -> None:
    images, labels = digits.train.images[:120], digits.train.labels[:120]
    file = tmp_path / "mine.npz"
    np.savez_compressed(file, x_train=images.reshape(shape), y_train=labels.astype(np.int64))
    read = load_training(str(file))
    assert (read.train.images == images[:110]).all()
    assert (read.validation.labels == labels[110:]).all()
    with pytest.raises(DataError, match="holds no x_test"):
        load_test(str(file))


def test_mnist_in_a_file_of_ones_own_is_mnist(digits: TrainingData, tmp_path: Path) -> None:
    images = np.concatenate([digits.train.images, digits.validation.images])
    labels = np.concatenate([digits.train.labels, digits.validation.labels])
    np.savez(tmp_path / "m.npz", x_train=images, y_train=labels)
    read = load_training(str(tmp_path / "m.npz"))
    assert described(str(tmp_path / "m.npz"), read.sha256) == "mnist, from a folder"
    np.savez(tmp_path / "m.npz", x_train=images[::-1], y_train=labels[::-1])
    assert described("m", load_training(str(tmp_path / "m.npz")).sha256) == "own images, not MNIST's"


@pytest.mark.parametrize(
    ("arrays", "words"),
    [
        ({"x_train": np.zeros((2, 28, 28), np.float32), "y_train": np.zeros(2, int)}, "is float32 of shape"),
        ({"x_train": np.zeros((2, 32, 32), np.uint8), "y_train": np.zeros(2, int)}, r"of shape \(2, 32, 32\)"),
        ({"x_train": np.zeros((2, 28, 28), np.uint8), "y_train": np.zeros(3, int)}, r"y_train of .* for each image"),
        ({"x_train": np.zeros((2, 28, 28), np.uint8), "y_train": np.array([0, 256])}, "from 0 to 255"),
        ({"x_train": np.zeros((2, 28, 28), np.uint8)}, "holds no y_train"),
        ({"x_train": np.array([None, 1], object)}, "not a file of numpy arrays"),  # pickled: nothing of it is run
    ],
)
def test_arrays_of_another_kind_are_refused(arrays: dict, words: str, tmp_path: Path) -> None:
    np.savez(tmp_path / "mine.npz", **arrays)
    with pytest.raises(DataError, match=words):
        load_training(str(tmp_path / "mine.npz"))


def test_pictures_of_another_kind_are_refused(tmp_path: Path) -> None:
    (tmp_path / "0").mkdir()
    with pytest.raises(DataError, match="holds no pictures"):
        load_training(str(tmp_path))
    Image.new("L", (32, 28)).save(tmp_path / "0" / "a.png")
    with pytest.raises(DataError, match=r"a\.png is 32x28"):
        load_training(str(tmp_path))
    (tmp_path / "0" / "a.png").write_text("no picture")
    with pytest.raises(DataError, match=r"a\.png is no picture"):
        load_training(str(tmp_path))
    (tmp_path / "none.npz").write_text("no zip")
    with pytest.raises(DataError, match="not a file of numpy arrays"):
        load_training(str(tmp_path / "none.npz"))
