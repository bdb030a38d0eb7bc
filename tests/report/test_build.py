import hashlib
import json
import shutil
import subprocess
import sys
from dataclasses import replace

import msgspec
import pytest
from PIL import Image
from tests.board.pages import Page
from tests.report.conftest import HOSTILE, quiet

from flowleague.cli.verdict import answer
from flowleague.errors import OutputError
from flowleague.report import analysis, build, content
from flowleague.report.build import Wanted
from flowleague.report.sections.performance import in_short
from flowleague.scorecard.card import read_scorecard
from flowleague.shipped import scorecard


def digests(folder):
    return {p.relative_to(folder).as_posix(): hashlib.sha256(p.read_bytes()).hexdigest() for p in folder.rglob("*.*")}


def test_every_picture_is_there_is_small_and_says_what_it_shows(judged):
    page = Page(judged.out / "index.html")
    wanted = {a["src"] for a in page.all("img")} | {a["srcset"] for a in page.all("source")}
    assert wanted == {p.relative_to(judged.out).as_posix() for p in (judged.out / "pictures").iterdir()}
    assert all(a["alt"] and a["width"] and a["height"] for a in page.all("img"))
    assert sum(p.stat().st_size for p in judged.out.rglob("*.*")) < 5_000_000
    with Image.open(judged.out / "pictures/flow.gif") as gif:
        assert getattr(gif, "n_frames", 1) > 10


def test_the_report_opens_with_what_score_says(capsys):
    card = read_scorecard(scorecard("base"))
    section = in_short(card)
    answer(card, None, False, False)
    printed = " ".join(capsys.readouterr().out.split())
    assert section.title == "In short"
    assert [said.split()[0].rstrip(":") for said in section.paragraphs[1:4]] == ["Best", "Next", "Beside"]
    for said in section.paragraphs:
        assert " ".join(said.split()) in printed  # lines may break where a space is not to be broken


def test_without_a_place_it_opens_with_the_first_figures_of_each_category():
    card = msgspec.structs.replace(read_scorecard(scorecard("base")), data_sha256={"test": "another"})
    figures, place = in_short(card).paragraphs
    assert figures.startswith(f"MSE {card.metrics()['reconstruction.mse'].value:.6f} ± ")
    assert "; parameters 66,141; " in figures
    assert place.startswith("No place: ")


def test_pictures_come_before_tables(judged):
    sections = msgspec.json.decode((judged.out / "report.json").read_bytes(), type=content.Content).sections
    assert sections[0].paragraphs[-1].startswith("No place: ")
    tables = [bool(section.tables) for section in sections]
    assert sum(len(section.pictures) for section in sections[: tables.index(True)]) > 8
    for name, table in (("index.html", "<table"), ("report.md", "| --- |")):
        text = (judged.out / name).read_text()
        assert text.index("No place: ") < text.index("<img") < text.index(table)


def test_the_page_has_a_strict_policy_and_loads_nothing_from_elsewhere(judged, bare):
    for path in (judged.out / "index.html", bare / "index.html"):
        page = Page(path)
        (policy,) = [m["content"] for m in page.all("meta") if m.get("http-equiv") == "Content-Security-Policy"]
        assert policy
        assert policy.startswith("default-src 'none'; style-src 'self'; img-src 'self';")
        links = [a.get(key) or "" for tag, a in page.elements for key in ("href", "src", "srcset") if key in a]
        assert all(link.startswith("#") or (path.parent / link).is_file() for link in links)
        assert {tag for tag, _ in page.elements}.isdisjoint({"script", "iframe", "style"})
        assert not any(key.startswith("on") or key == "style" for _, a in page.elements for key in a)
        targets = {a["id"] for _, a in page.elements if "id" in a}
        assert {link[1:] for link in links if link.startswith("#")} <= targets


def test_a_strangers_text_is_text_on_the_page_in_markdown_and_in_the_notebook(judged):
    assert HOSTILE in Page(judged.out / "index.html").text
    text = (judged.out / "report.md").read_text(encoding="utf-8")
    book = json.loads((judged.out / "report.ipynb").read_text(encoding="utf-8"))
    for words in (text, *(cell["source"] for cell in book["cells"] if cell["cell_type"] == "markdown")):
        assert "<script" not in words
        assert "![i]" not in words
        assert "http://e.org" not in words


def test_all_six_categories_and_all_sections_are_told(judged):
    text = Page(judged.out / "index.html").text
    for title in ("VAE reconstruction quality", "training performance", "Loss curves", "t-SNE", "Steps and solvers"):
        assert title in text
    assert "Which change would move which category" in text


def test_what_is_missing_leaves_a_note_and_no_chart(bare):
    text = Page(bare / "index.html").text
    assert "There is no training log of the vae stage." in text
    assert "There are no judges for the digits" in text
    names = {path.name for path in (bare / "pictures").iterdir()}
    assert not any(name.startswith(("losses", "digits-drawn", "solver-quality")) for name in names)
    assert {"samples.png", "latents-pca-dark.png", "solver-error-light.png"} <= names


def test_latents_and_samples_that_are_not_finite_leave_notes(judged, tmp_path, monkeypatch):
    def broken(self, images):
        return images.flatten(1)[:, :49] / 0

    monkeypatch.setattr("flowleague.model.latent_flow.LatentFlow.encode", broken)
    made = build.build(replace(judged, out=tmp_path, judges=None), quiet)
    notes = {section.id: section.notes for section in made.sections}
    for section in ("reconstructions", "latents", "axes"):
        assert any("not finite" in note for note in notes[section]), section
    assert notes["samples"] == ["There are no judges for these digits, so their shares among samples are unknown."]
    assert [p.name for section in made.sections if section.id == "latents" for p in section.pictures] == []


def test_the_authors_words_survive_and_cost_no_second_analysis(judged, tmp_path, monkeypatch):
    out = tmp_path / "report"
    shutil.copytree(judged.out, out)
    words = "Loose.\n\n## Trade-offs\n\nI chose *49* numbers.\n\n## What I tried\n\n<script>x</script>\n"
    (out / "words.md").write_text(words)
    monkeypatch.setattr(analysis, "analyse", lambda *_: pytest.fail("computed again"))
    build.build(replace(judged, out=out), quiet)
    assert (out / "words.md").read_text() == words
    page = Page(out / "index.html")
    assert "I chose 49 numbers." in page.text
    assert page.text.index("I chose") > page.text.index("Which change would move")
    assert "<script>x</script>" in page.text
    assert "I chose *49* numbers." in (out / "report.md").read_text()
    assert "I chose *49* numbers." in (out / "report.ipynb").read_text()


@pytest.mark.long
def test_a_run_that_is_cut_off_loses_no_word_and_leaves_whole_files(judged, tmp_path, monkeypatch):
    out = tmp_path / "report"
    shutil.copytree(judged.out, out)
    (out / "words.md").write_text("## Trade-offs\n\nNew.\n")
    before = digests(out)
    build.build(replace(judged, out=out), quiet)
    after = digests(out)
    real = build.write_atomically
    for survived in range(4):  # report.css, report.md, report.ipynb and index.html are written, in this order
        shutil.rmtree(out)
        shutil.copytree(judged.out, out)
        (out / "words.md").write_text("## Trade-offs\n\nNew.\n")
        left = iter([real] * survived)

        def cut_off(path, raw, left=left):
            write = next(left, None)
            if write is None:
                raise KeyboardInterrupt
            write(path, raw)

        monkeypatch.setattr(build, "write_atomically", cut_off)
        with pytest.raises(KeyboardInterrupt):
            build.build(replace(judged, out=out), quiet)
        now = digests(out)
        assert all(digest in (before[name], after[name]) for name, digest in now.items())
        assert now["words.md"] == before["words.md"]
        monkeypatch.setattr(build, "write_atomically", real)
        build.build(replace(judged, out=out), quiet)
        assert digests(out) == after


def test_a_picture_that_was_damaged_is_drawn_again(judged, tmp_path):
    shutil.copytree(judged.out, tmp_path / "report")
    assert build.kept(tmp_path / "report", read_key(judged)) is not None
    (tmp_path / "report/pictures/samples.png").write_bytes(b"")
    assert build.kept(tmp_path / "report", read_key(judged)) is None
    assert build.kept(judged.out, "another") is None


def read_key(wanted):
    made = content.from_json((wanted.out / "report.json").read_bytes())
    assert made
    return made.key


@pytest.mark.parametrize("name", ["index.html", "report.md", "report.json", "live.html"])
def test_a_file_of_somebody_else_is_not_written_over(bundle, tmp_path, name):
    (tmp_path / name).write_text("mine")
    with pytest.raises(OutputError, match=r"choose another folder with -o"):
        build.build(Wanted(bundle, tmp_path), quiet)
    assert digests(tmp_path) == {name: hashlib.sha256(b"mine").hexdigest()}


@pytest.mark.long
def test_the_model_runs_in_a_page_beside_the_report_or_a_note_says_why_not(judged, tmp_path, monkeypatch):
    assert Page(judged.out / "live.html").all("canvas")
    assert HOSTILE in Page(judged.out / "live.html").text
    assert {"href": "live.html"} in Page(judged.out / "index.html").all("a")
    assert "[The model, running in a page](live.html)" in (judged.out / "report.md").read_text(encoding="utf-8")
    assert "(live.html)" in (judged.out / "report.ipynb").read_text(encoding="utf-8")
    shutil.copytree(judged.out, tmp_path / "report")
    monkeypatch.setattr("flowleague.live.page.MOST_NUMBERS", 100)
    (tmp_path / "report/pictures/samples.png").unlink()  # so that all is made again
    build.build(replace(judged, out=tmp_path / "report"), quiet)
    assert "does not run in a page. The model has" in Page(tmp_path / "report/index.html").text
    assert not (tmp_path / "report/live.html").exists()


def test_the_command_says_what_to_install_without_matplotlib(bundle, tmp_path):
    code = "import sys; sys.modules['matplotlib'] = None\nfrom flowleague.cli import main\nmain()"
    words = [sys.executable, "-c", code, "report", str(bundle), "-o", str(tmp_path / "report")]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert done.stderr == "flowleague: A report needs matplotlib; install it with: pip install 'flowleague[report]'.\n"
