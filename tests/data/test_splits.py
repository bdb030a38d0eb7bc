"""The splits, and the wall around the test images."""

import ast
import hashlib
import sys
from pathlib import Path

import numpy as np
import pytest
from tests.conftest import write_idx_folder
from tests.training.tiny import tiny_recipe

import flowleague
from flowleague.data import TrainingData, load_test, load_training, no_test_images
from flowleague.data.idx import to_idx
from flowleague.errors import DataError, HeldOutError
from flowleague.training.train import train


def test_mnist_is_mnist(digits: TrainingData) -> None:
    assert (len(digits.train), len(digits.validation), len(load_test())) == (55_000, 5_000, 10_000)
    assert np.bincount(load_test().labels).tolist() == [980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009]
    whole = np.concatenate([digits.train.images, digits.validation.images])
    assert hashlib.sha256(to_idx(whole)).hexdigest() == digits.sha256["train-images"]
    pixels = digits.validation.pixels()
    assert (pixels.shape, pixels.dtype, pixels.min(), pixels.max()) == ((5000, 1, 28, 28), np.float32, 0, 1)


def test_no_image_is_in_two_splits(digits: TrainingData) -> None:
    splits = (digits.train, digits.validation, load_test())
    rows = [{image.tobytes() for image in split.images} for split in splits]
    assert sum(map(len, rows)) == 70_000  # MNIST has no exact duplicates at all
    assert len(set.union(*rows)) == 70_000


def test_images_are_read_only(digits: TrainingData) -> None:
    with pytest.raises(ValueError, match="read-only"):
        digits.train.images[0] = 0


def test_test_images_are_refused_inside_the_wall_and_given_outside() -> None:
    with no_test_images(), pytest.raises(HeldOutError, match="held out"):
        load_test()
    assert len(load_test()) == 10_000


def test_training_works_where_there_are_no_test_files_and_opens_none(digits: TrainingData, tmp_path: Path) -> None:
    write_idx_folder(tmp_path, digits.train.images[:500], digits.train.labels[:500])
    for path in tmp_path.glob("t10k*"):
        path.unlink()
    opened, watching = [], True
    sys.addaudithook(lambda event, args: opened.append(str(args[0])) if watching and event == "open" else None)
    for _ in train(tiny_recipe("vae.images=500", "flow.images=500"), tmp_path / "run", load_training(str(tmp_path))):
        pass
    watching = False
    assert any("train-images" in path for path in opened)
    assert not any("t10k" in path for path in opened)
    with pytest.raises(DataError, match="holds no t10k-images"):
        load_test(str(tmp_path))


def test_no_module_that_trains_or_selects_names_the_test_split() -> None:
    package = Path(flowleague.__file__).parent
    for path in [*sources("model", package), *sources("training", package), package / "judge" / "train_judges.py"]:
        assert not names_in(ast.parse(path.read_text())) & {"load_test", "TEST_PARTS", "read_parts"}, path


def sources(room: str, package: Path) -> list[Path]:
    """The source files of a room, of which there is at least one."""
    found = list((package / room).rglob("*.py"))
    assert found, room
    return found


def names_in(tree: ast.AST) -> set[str]:
    """Every name that a source imports, uses, or reaches through a dot."""
    imports = (node for node in ast.walk(tree) if isinstance(node, ast.Import | ast.ImportFrom))
    return {
        *(alias.name for node in imports for alias in node.names),
        *(node.id for node in ast.walk(tree) if isinstance(node, ast.Name)),
        *(node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)),
    }


def test_images_and_labels_that_do_not_belong_together_are_refused(digits: TrainingData, tmp_path: Path) -> None:
    write_idx_folder(tmp_path, digits.train.images[:200], digits.train.labels[:200])
    (tmp_path / "train-labels-idx1-ubyte").write_bytes(to_idx(digits.train.labels[:99]))
    with pytest.raises(DataError, match="do not belong together"):
        load_training(str(tmp_path))
