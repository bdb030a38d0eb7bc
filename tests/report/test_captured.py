"""A report on a captured entry: what needs no recipe, and the sentence for the rest."""

import msgspec
import pytest
from tests.report.conftest import quiet

from flowleague.entrant.bundle import programs_of
from flowleague.errors import BundleError
from flowleague.model.latent_flow import LatentFlow
from flowleague.program.container import write
from flowleague.report import content
from flowleague.report.build import Wanted, build
from flowleague.report.captured import open_captured_subject
from flowleague.scorecard.card import read_scorecard

pytestmark = pytest.mark.long


@pytest.fixture(scope="module")
def entry(bundle, tmp_path_factory):
    """The tiny bundle, captured."""
    path = tmp_path_factory.mktemp("captured") / "entry.zip"
    write(programs_of(LatentFlow.load(bundle).requires_grad_(False)), path)
    return path


@pytest.fixture(scope="module")
def made(entry):
    """Its report."""
    return build(Wanted(entry, entry.with_name("report"), judges="mnist", dry_run=True), quiet)


def test_it_shows_what_needs_no_recipe(made, entry):
    sections = {section.id: section for section in made.sections}
    assert [name for name, s in sections.items() if s.pictures] == [
        "samples", "reconstructions", "latents", "axes", "neighbours",
    ]  # fmt: skip
    assert sections["samples"].links[0].file == "live.html"
    assert [row[0] for row in sections["parts"].tables[0].rows] == ["encode", "decode", "generate"]
    assert sections["training"].notes == [
        f"There is no training log of the {stage} stage." for stage in ("vae", "flow")
    ]
    told = "".join(text for section in made.sections for text in section.paragraphs)
    assert "rings" not in told  # samples have no latents here
    assert "follow them from noise" not in sections["samples"].links[0].said
    folder = entry.with_name("report")
    assert msgspec.json.decode((folder / "report.json").read_bytes(), type=content.Content) == made
    assert made.files.keys() == {
        path.relative_to(folder).as_posix() for path in [*(folder / "pictures").iterdir(), folder / "live.html"]
    }


def test_its_card_is_kept_and_the_second_run_measures_nothing(made, entry, monkeypatch):
    card = read_scorecard(entry.with_name("report") / "scorecard.json")
    monkeypatch.setattr("flowleague.report.scorecards.measure_model", None)
    assert build(Wanted(entry, entry.with_name("report"), judges="mnist", dry_run=True), quiet) == made
    assert card.metrics()["efficiency.nfe"].value == float(
        made.sections[-2].paragraphs[0].split(" times")[0].split()[-1]
    )


def test_its_functions_are_the_programs(entry):
    with open_captured_subject(entry, "entry") as subject:
        images = subject.flow.generate(2, seed=3)
        assert images.shape == (2, 1, 28, 28)
        assert subject.flow.decode(subject.flow.encode(images)).shape == images.shape


def test_its_name_must_be_printable(entry):
    with pytest.raises(BundleError, match="is no name for a report"):
        build(Wanted(entry, entry.with_name("other"), name="a\nb"), quiet)
