import json
import shutil

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors.torch import load_file, save_file

from flowleague.errors import JudgeError
from flowleague.judge.classifiers import TokenMixer
from flowleague.judge.judges import SAMPLE, WEIGHTS, Judge, load_judges

MNIST = WEIGHTS / "mnist"


@pytest.fixture(scope="module")
def judges():
    return load_judges("mnist")


@pytest.fixture(scope="module")
def digits():
    """The 256 warped training digits of the proof, as pixels."""
    return load_file(MNIST / SAMPLE)["images"].float() / 255


@pytest.fixture
def copy(tmp_path):
    return shutil.copytree(MNIST, tmp_path / "judges")


def test_two_families_small_enough_to_ship(judges):
    assert judges[0].name != judges[1].name
    assert len({type(judge.network) for judge in judges}) == 2
    assert all((MNIST / f"{judge.name}.safetensors").stat().st_size <= 3e6 for judge in judges)


def test_readings_are_log_probabilities_and_features(judges, digits):
    for judge in judges:
        reading = judge.read(digits)
        assert reading.log_probabilities.shape == (256, 10)
        assert reading.features.shape == (256, judge.network.head.in_features)
        assert reading.log_probabilities.dtype == reading.features.dtype == np.float32
        assert np.exp(reading.log_probabilities.astype(np.float64)).sum(1) == pytest.approx(np.ones(256), abs=1e-5)


def test_tensors_and_arrays_read_alike(judges, digits):
    array = digits.numpy().copy()
    array.setflags(write=False)
    assert np.array_equal(judges[0].read(digits).features, judges[0].read(array).features)
    assert np.array_equal(judges[0].read(digits.flip(0)).features, judges[0].read(array[::-1]).features)


@settings(max_examples=settings().max_examples // 3)
@given(seed=st.integers(0, 2**32 - 1), batch=st.integers(1, 256))
def test_neither_order_nor_batch_size_matters(judges, digits, seed, batch):
    order = np.random.default_rng(seed).permutation(64)
    for judge in judges:
        whole, shuffled = judge.read(digits[:64]), judge.read(digits[order], batch=batch)
        assert np.allclose(whole.log_probabilities[order], shuffled.log_probabilities, atol=1e-4)
        assert np.allclose(whole.features[order], shuffled.features, atol=1e-4)


def test_reading_twice_is_bit_identical(judges, digits):
    for judge in judges:
        assert np.array_equal(judge.read(digits).log_probabilities, judge.read(digits).log_probabilities)


def test_the_cards_meet_the_contest(judges):
    for judge in judges:
        test = judge.card["test"]
        assert test["accuracy"]["n"] == 10_000
        assert test["accuracy"]["value"] >= 0.9955
        assert test["calibration_error"]["value"] <= 0.005
        assert test["entropy"]["value"] < 0.03


def test_a_judge_in_training_mode_refuses(digits):
    judge = load_judges("mnist")[0]
    judge.network.train()
    with pytest.raises(JudgeError, match="training mode"):
        judge.read(digits)


@pytest.mark.parametrize("name", ["residual-cnn.safetensors", SAMPLE])
def test_tampered_files_are_refused(copy, name):
    content = bytearray((copy / name).read_bytes())
    content[-1] ^= 1
    (copy / name).write_bytes(content)
    with pytest.raises(JudgeError, match="not those of its card"):
        load_judges(copy)


def forge(folder, change):
    """Save changed weights of the mixer and write their true hash into the card."""
    import hashlib

    path = folder / "token-mixer.safetensors"
    tensors = load_file(path)
    change(tensors)
    save_file(tensors, path)
    edit_card(folder, sha256=hashlib.sha256(path.read_bytes()).hexdigest())


def edit_card(folder, **changes):
    path = folder / "token-mixer.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))


def test_other_weights_with_their_own_hash_fail_the_sample(copy):
    forge(copy, lambda tensors: tensors["head.weight"].copy_(tensors["head.weight"].roll(1, 0)))
    with pytest.raises(JudgeError, match="of its fixed sample where its card records"):
        load_judges(copy)


def test_another_temperature_fails_the_sample(copy):
    edit_card(copy, temperature=2.0)
    with pytest.raises(JudgeError, match="nats unsure"):
        load_judges(copy)


def test_missing_tensors_and_files_are_named(copy):
    forge(copy, lambda tensors: tensors.pop("head.bias"))
    with pytest.raises(JudgeError, match=r"does not fit its card.*head\.bias"):
        load_judges(copy)
    (copy / "residual-cnn.json").unlink()
    with pytest.raises(JudgeError, match="incomplete"):
        load_judges(copy)


def test_a_network_that_reads_an_image_by_its_neighbours_is_refused(judges, digits):
    class Neighbours(TokenMixer):
        def features(self, images):
            return super().features(images) + images.mean()

    network = Neighbours().eval()
    network.load_state_dict(judges[1].network.state_dict())
    labels = load_file(MNIST / SAMPLE)["labels"]
    with pytest.raises(JudgeError, match="among others"):
        Judge("neighbours", "", judges[1].card, network).prove(digits, labels)


def test_unknown_data_say_how_to_train():
    with pytest.raises(JudgeError, match="flowleague judges train"):
        load_judges("no-such-data")


@pytest.mark.parametrize(
    ("images", "said"),
    [
        (np.zeros((2, 28, 28), np.float32), "shape"),
        (np.zeros((2, 1, 28, 28), np.float64), "float64"),
        (np.zeros((2, 1, 28, 28), np.complex64), "complex64"),
        (np.array("two digits"), "float32"),
        (np.zeros((0, 1, 28, 28), np.float32), "n > 0"),
        (np.full((2, 1, 28, 28), 1.5, np.float32), "span 1.5"),
        (np.full((2, 1, 28, 28), np.nan, np.float32), "span nan"),
        (np.full((2, 1, 28, 28), -np.inf, np.float32), "span −inf"),
    ],
)
def test_what_is_not_a_batch_of_images_is_refused(judges, images, said):
    with pytest.raises(JudgeError, match=said):
        judges[0].read(images)
