"""Dials, objectives and seeds: read, and refused before anything runs."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flowleague.bundle.recipe import get_recipe, quick
from flowleague.errors import SweepError
from flowleague.sweep.space import check_space, read_dials, read_objectives, read_seeds
from flowleague.training.train import check_recipe


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("vae.chanels=12..32", r"Did you mean 'vae.channels'\?"),
        ("vae.channels", "write KEY=LOW..HIGH"),
        ("vae.channels=", "write KEY=LOW..HIGH"),
        ("vae.channels=32..12", "the first number must be below the second"),
        ("vae.channels=12", "needs two or more different values"),
        ("vae.channels=12,12", "needs two or more different values"),
        ("vae.channels=1.5..3", "vae.channels is a whole number, not '1.5'"),
        ("vae.lr=0..1:log", "begins at 0.0, which has no logarithm"),
        ("vae.lr=1..nan", "vae.lr cannot be nan"),
        ("vae.lr=1e-3..1e-2:sqrt", "vae.lr is a number, not"),
        ("vae.grid=true,maybe", "vae.grid is true or false, not 'maybe'"),
        ("vae.block=a..b", "vae.block is no number; name its values"),
        ("seed=0..3", "--seeds names them"),
        ("budget=1..3", "--budget sets it"),
        ("\x1b[2J=1..2", r"'\?\[2J=1..2' varies nothing"),
    ],
)
def test_what_is_no_dial_is_refused_in_a_sentence(text, sentence):
    with pytest.raises(SweepError, match=sentence):
        read_dials([text], quick())


def test_a_sweep_varies_something_and_nothing_twice():
    with pytest.raises(SweepError, match="give --vary"):
        read_dials([], quick())
    with pytest.raises(SweepError, match=r"vae\.lr varies twice"):
        read_dials(["vae.lr=1..2", "vae.lr=2..3"], quick())


@given(low=st.integers(4, 200), more=st.integers(1, 200))
def test_a_dial_is_read_back_from_what_it_prints(low, more):
    (dial,) = read_dials([f"vae.channels={low}..{low + more}"], quick())
    assert read_dials([str(dial)], quick()) == (dial,)
    assert low <= dial.middle <= low + more
    assert type(dial.middle) is int


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["vae.channels=2..32"], "vae.channels=2, which cannot be trained"),
        (["vae.latent=16..49"], "vae.latent=16, which cannot be trained. The 7x7 grid has 49 numbers"),
        (["flow.clusters=0..10"], "flow.clusters=5, which cannot be trained"),
        (["flow.steps=1..4", "flow.cut=0.2..0.9"], "flow.steps=1, flow.cut=0.2, which cannot be trained"),
        (["flow.solver=euler,hoin"], "There is no solver 'hoin'"),
        (["flow.steps=2..9000", "flow.solver=euler,rk4"], "which cannot be trained"),
    ],
)
def test_what_cannot_be_trained_is_refused_before_anything_runs(words, sentence):
    with pytest.raises(SweepError, match=sentence):
        check_space(quick(), read_dials(words, quick()), lambda recipe: check_recipe(recipe, 10))


def test_a_space_that_can_be_trained_passes_and_one_of_too_many_corners_does_not():
    recipe = get_recipe("quick", ["vae.grid=false", "flow.clusters=0"])
    check_space(
        recipe, read_dials(["vae.latent=8..49", "flow.width=16..64"], recipe), lambda one: check_recipe(one, 10)
    )
    ones = ",".join(str(n) for n in range(4, 104))
    with pytest.raises(SweepError, match="10,000 corners"):
        check_space(quick(), read_dials([f"vae.channels={ones}", f"flow.width={ones}"], quick()), lambda _: None)


@pytest.mark.parametrize(
    ("minimise", "maximise", "sentence"),
    [
        ([], [], "give --minimise"),
        (["reconstruction.mes"], [], r"Did you mean 'reconstruction.mse'\?"),
        (["diversity.recall"], [], "better higher: give it with --maximise"),
        ([], ["reconstruction.mse"], "better lower: give it with --minimise"),
        (["efficiency.time_ratio"], [], "is timed"),
        (["reconstruction.mse", "reconstruction.mse"], [], "is an aim twice"),
    ],
)
def test_what_is_no_aim_is_refused(minimise, maximise, sentence):
    with pytest.raises(SweepError, match=sentence):
        read_objectives(minimise, maximise)


@pytest.mark.parametrize("text", ["", "a", "2..1", "0..50", "1,1", "-1", "0..", "1.5"])
def test_what_names_no_seeds_is_refused(text):
    with pytest.raises(SweepError, match="names no seeds"):
        read_seeds(text)
