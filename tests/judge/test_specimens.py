"""Pictures of what was measured: which images they show, and what passes for one of them."""

import io

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from flowleague.judge.categories import SEEDS, measure_reconstruction, measure_samples
from flowleague.judge.checked import CheckedModel
from flowleague.judge.evidence import see
from flowleague.pictures import GAP, GREYS
from flowleague.scorecard.pictures import (
    CELL,
    COLUMNS,
    NAMES,
    PAIRS,
    SAMPLES,
    PictureError,
    Specimens,
    check_picture,
    read_pictures,
    size_of,
)


def squares(n, seed=0):
    return np.random.default_rng(seed).random((n, 1, 28, 28), np.float32)


def cells(raw):
    """The images on a sheet, in [0, 1]."""
    with Image.open(io.BytesIO(raw)) as sheet:
        pixels = np.asarray(sheet.convert("L"), np.float32) / 255
    tops = range(GAP, len(pixels), CELL)
    return np.array([pixels[t : t + 28, GAP + CELL * k :][:, :28] for t in tops for k in range(COLUMNS)])


def alike(shown, images):
    """Equal but for the rounding to the greys of a picture."""
    return np.abs(shown - images[:, 0]).max() <= 0.5 / (GREYS - 1) + 0.003


@pytest.fixture(scope="module")
def drawn():
    specimens = Specimens()
    specimens.draw_samples(squares(100), squares(PAIRS, 1))
    specimens.draw_reconstructions(squares(20, 2), squares(20, 3))
    return specimens


def test_the_pictures_show_the_images_in_their_order(drawn):
    assert tuple(sorted(drawn.drawn)) == tuple(sorted(NAMES))
    assert alike(cells(drawn.drawn["samples"]), squares(100)[:SAMPLES])
    for name, above, below in (("nearest", 0, 1), ("reconstructions", 2, 3)):
        rows = cells(drawn.drawn[name]).reshape(-1, 2, COLUMNS, 28, 28)
        assert alike(rows[:, 0].reshape(PAIRS, 28, 28), squares(100, above)[:PAIRS])
        assert alike(rows[:, 1].reshape(PAIRS, 28, 28), squares(20 if above else PAIRS, below)[:PAIRS])


def test_pictures_survive_the_folder_and_digits_are_small(drawn, digits, tmp_path):
    drawn.write(tmp_path)
    assert read_pictures(tmp_path) == drawn.drawn
    real = Specimens()
    real.draw_samples(digits.test.pixels(), digits.test.pixels())
    assert len(real.drawn["samples"]) < 10_000
    assert read_pictures(tmp_path / "nothing") == {}


def test_what_is_measured_is_what_is_drawn(tiny, judges):
    """Samples are real test digits here, and training digits, whose nearest training digit is each itself."""
    seen = see(judges, tiny)
    mine = tiny.train.pixels()[:PAIRS]
    first = np.concatenate([mine, tiny.test.pixels()])

    class Model:
        findings, generate = (), staticmethod(lambda n, seed: (first if seed == SEEDS[0] else first[::-1])[:n].copy())
        encode, decode = staticmethod(lambda x: x[:, 0, ::4, ::4].reshape(-1, 49)), staticmethod(spread)

    specimens, model = Specimens(), CheckedModel(Model())  # pyright: ignore[reportArgumentType]
    measure_samples(model, tiny, seen, specimens=specimens)
    measure_reconstruction(model, tiny, seen, specimens)
    assert alike(cells(specimens.drawn["samples"]), first[:SAMPLES])
    rows = cells(specimens.drawn["nearest"]).reshape(-1, 2, COLUMNS, 28, 28)
    assert np.array_equal(rows[:, 0], rows[:, 1])
    rows = cells(specimens.drawn["reconstructions"]).reshape(-1, 2, COLUMNS, 28, 28)
    originals = tiny.test.pixels()[:PAIRS]
    assert alike(rows[:, 0].reshape(PAIRS, 28, 28), originals)
    assert alike(rows[:, 1].reshape(PAIRS, 28, 28), spread(Model.encode(originals)))


def spread(latents):
    return latents.reshape(-1, 1, 7, 7).repeat(4, axis=2).repeat(4, axis=3).clip(0, 1)


def png(size, mode="P", kind="PNG"):
    return saved(Image.new(mode, size), kind)


def saved(picture, kind="PNG"):
    buffer = io.BytesIO()
    picture.save(buffer, kind)
    return buffer.getvalue()


NO_PICTURES = {  # made when they are tried: the large ones take seconds
    "empty": lambda: b"",
    "svg": lambda: b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>",
    "small": lambda: png((1, 1)),
    "colours": lambda: png(size_of("samples"), "RGB"),
    "more greys": lambda: saved(Image.linear_gradient("L").resize(size_of("samples")).convert("P")),
    "gif": lambda: png(size_of("samples"), kind="GIF"),
    "bomb": lambda: png((14_000, 14_000), "1"),
    "long": lambda: png(size_of("nearest")) + b"x" * 64_000,
}


@pytest.mark.parametrize("kind", NO_PICTURES)
def test_what_is_no_picture_of_ours_is_refused(kind, tmp_path):
    raw = NO_PICTURES[kind]()
    with pytest.raises(PictureError, match="no picture of samples"):
        check_picture("samples", raw)
    (tmp_path / "samples.png").write_bytes(raw)
    with pytest.raises(PictureError):
        read_pictures(tmp_path)


def test_a_link_is_not_followed(drawn, tmp_path):
    (tmp_path / "other.png").write_bytes(drawn.drawn["samples"])
    (tmp_path / "samples.png").symlink_to(tmp_path / "other.png")
    with pytest.raises(PictureError, match="it is a link"):
        read_pictures(tmp_path)


@given(st.data())
def test_a_damaged_picture_is_refused_or_still_one(drawn, data):
    raw = bytearray(drawn.drawn["samples"])
    at = data.draw(st.integers(0, len(raw) - 1))
    raw[at] ^= data.draw(st.integers(1, 255))
    cut = bytes(raw[: data.draw(st.integers(0, len(raw)))])
    try:
        check_picture("samples", cut)
    except PictureError:
        return
    assert len(cells(cut)) == SAMPLES
