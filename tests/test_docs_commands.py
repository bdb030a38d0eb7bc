"""Every `flowleague` command that README, docs and notebooks show is executed, and does what it should.

A page's line is run in a folder where what it names is real (see `tests.docs_folder`), changed by the tables below and
by nothing else. Lines that become the same by them are run once.
"""

import re
import shlex
import shutil
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import typer

from flowleague.cli import app
from tests.cli.test_commands import CHANGES, Done, flowleague
from tests.docs_folder import SCORED, TEAM, prepare, stand_ins
from tests.model.export.fresh import LINKS
from tests.pulls.conftest import stage as pull_requests  # noqa: F401  (a fixture)
from tests.pulls.test_jobs import GOOD

ROOT = Path(__file__).parent.parent
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md")), *sorted((ROOT / "notebooks").glob("*.py"))]

CLEAR = "flowleague contest clear 3f9a stored_bank --reason 'one stroke' --name 'A. Judge'"
COMPLETED = {  # a command that prose names without what it needs
    "flowleague board": "flowleague board class-2026 -o site",
    "flowleague contest rescore": 'flowleague contest rescore --reason "…"',
    "flowleague score entry.zip": "flowleague score ENTRY",
    "flowleague score --dry-run": "flowleague score ENTRY --dry-run",
    "flowleague live entry.zip -o live.html": "flowleague live captured.zip -o live.html",
    'flowleague pack entry.zip --team "The Latents" --out submission': (
        'flowleague pack captured.zip --team "The Latents" --out submission'
    ),
    "flowleague score RUN --split validation --dry-run": "flowleague score ENTRY --split validation --dry-run",
    "flowleague train RECIPE --set KEY=VALUE": "flowleague train quick --set vae.channels=20",
    "flowleague export entry.zip -o onnx": "flowleague export captured.zip -o onnx",
    "flowleague contest clear ID FINDING --reason ... --name ...": CLEAR,
    "flowleague contest explain": 'flowleague contest explain "The Latents"',
    "flowleague generate --seed 3": "flowleague generate BUNDLE --seed 3 --out samples.png",
    "flowleague judges train": "flowleague judges train --dataset fashion-mnist --out judges",
    "flowleague pack": "flowleague pack BUNDLE --team NAME --out OUT",
    "flowleague pull …": "flowleague pull --help",
    "flowleague score": "flowleague score ENTRY",
    "flowleague score --limits": "flowleague score ENTRY --limits FILE",
    "flowleague score --limits FILE": "flowleague score ENTRY --limits FILE",
    "flowleague score --pictures DIR": "flowleague score ENTRY --pictures DIR",
    "flowleague score FILE --held-out private/judge": "flowleague score ENTRY --held-out private/judge",
    "flowleague set": "flowleague set BUNDLE --solver heun --steps 3 -o heun.zip",
    "flowleague share": "flowleague share BUNDLE",
}
NAMES = {  # what stands for something of the reader's; "…" inside a word stands for what one file's name has there
    "BUNDLE": "runs/quick",
    "ENTRY": "runs/quick",
    "my_model.py": "runs/quick",
    "FILE.py": "runs/quick",
    "FOLDER": "folder",
    "runs/mlp.zip": "runs/quick",
    "A": "runs/quick",
    "B": "other-model.zip",
    "FILE": "class-2026/contest.toml",
    "NAME": TEAM,
    "OUT": "out",
    "DIR": "pictures",
    "DRIVE": "drive/flowleague",
    "/content/drive/MyDrive/flowleague": "drive/flowleague",
    "ME/digits": "me/digits",
    "VAE_LINK": LINKS[0],
    "FLOW_LINK": LINKS[1],
    "short.toml": "my.toml",
    "~/Downloads/submissions.zip": "submissions.zip",
    "/srv/drop": "drop",
    "fashion-mnist": "digits",  # too far away to be fetched by a test
    "SOURCE": f"git+https://example.com/a/b@{'0' * 40}",
    "ID": "{id}",
    "HEAD": "{head}",
    "4f1c…": "4f1c",
    "29b2": "{id}",
    "3f9a": "{id}",
    "8a56": "{id}",
    "e062-…": "{key}",
    "fd7d-…": "{key}",
    "...": "{key}",
    "…": "a reason",
    "{run}": "runs/quick",
    "{entry}": "runs/quick",
    "{quickly}": "--dry-run",
    "{TEAM}": TEAM,
    "{submission}": "submission",
    "{vae}": "submission/the_latents_vae_….safetensors",
    "{flow}": "submission/the_latents_flow_….safetensors",
}
SMALL = {  # words that make a command take a second; those of the line come after them and win
    "train": (*CHANGES, "--set", "dataset=digits"),
    "score": SCORED,
    "report": ("--dry-run", "--judges", "mnist"),
    "judges": ("--dataset", "digits", "--judges", "mnist"),
    "share": ("--client", "client.json"),
    "contest provenance": ("--shadows", "2"),
    "sweep": ("--trials", "4"),
}
SHORTER = {"60": "1", "200": "4", "max": "tiny"}  # seconds; trials; a shipped model
REMOVED = {"train": "runs", "sweep": "sweeps", "contest new": "class-2026", "pack": "submission"}  # to be made
# What must have happened before.
BEFORE = {"contest reinstate": ("contest", "disqualify", "{id}", "--reason", "a reason", "-C", "class-2026")}
NOTHING_CHANGED = "there is nothing to record"
# What a page shows as failing, and a part of the sentence.
FAILING = {
    'flowleague contest clear 29b2 switches_behaviour --reason "…" --name "…"': "has no finding 'switches_behaviour'",
    CLEAR: "has no finding 'stored_bank' to clear; there are: none",
    'flowleague contest amend --reason "…"': NOTHING_CHANGED,
    "flowleague contest amend --reason 'the building was closed for a day' -C class-2026": NOTHING_CHANGED,
    "flowleague contest evaluate --engine ray --address HEAD:6379 -C class-2026": "No cluster of Ray answers at HEAD",
    "flowleague score FILE --held-out private/judge": "The judge residual-cnn in private/judge is incomplete",
    "flowleague train quick --set vae.latent=50": "vae.latent = '50' is not allowed",
    'flowleague contest final-round "4f1c…"': "The contest is still open",  # here; in its page it has closed
    "flowleague contest final-round '4f1c…' --contest class-2026": "The contest is still open",
}


def shown(page: Path) -> list[str]:
    """What follows `flowleague` in a page's code blocks and code spans, or in a notebook's cells; without comments."""
    text = page.read_text()
    if page.suffix == ".py":
        lines = re.findall(r"^ *# !\S+ -m (flowleague .*)", text, re.MULTILINE)
        lines += re.findall(r"f'(flowleague [^']*)'", text)
    else:
        lines, prose, fence = [], [], ""
        for line in text.replace("\\\n", " ").splitlines():
            if mark := re.match(r" *```(\w*)", line):
                fence = "" if fence else mark[1] or "text"
            elif fence in ("sh", "text") or (not fence and line.startswith("    ")):
                lines += re.split(r" && |; | \| ", line)
            elif not fence:
                prose.append(line)
        lines += [span.replace("\n", " ") for span in re.findall(r"`(flowleague [^`]*)`", "\n".join(prose))]
    ends = (re.split(r"\s#|\s\|", line)[0].strip() for line in lines)
    found = [re.sub(r"^(\$ )?(\S*python3? -m |\.venv/bin/)?", "", line) for line in ends]
    return [line for line in found if re.match(r"flowleague [a-z-]", line)]


COMMANDS: Any = typer.main.get_command(app)


def command_of(words: list[str]) -> str:
    """The leading words that name a command, such as `contest new`."""
    command = COMMANDS
    named = []
    for word in words:
        if word not in getattr(command, "commands", ()):
            break
        command = command.commands[word]
        named.append(word)
    return " ".join(named)


def adapted(line: str) -> tuple[str, ...]:
    """A page's line as it is run in the prepared folder: the words after `flowleague`."""
    words = shlex.split(COMPLETED.get(line, line))[1:]
    command = command_of(words)
    named = command.split()
    rest = [re.sub(r"(?<==)[^=]+$|^[^=]+$", lambda m: NAMES.get(m[0], m[0]), word) for word in words[len(named) :]]
    small = SMALL.get(command, ())
    rest = [SHORTER.get(word, word) for word in rest if not (word == "--dry-run" and word in small)]
    if named[:1] == ["contest"] and named[1:] not in (["new"], []) and not {"-C", "--contest"} & set(rest):
        rest += ["-C", "class-2026"]  # such pages are inside the contest's folder
    return (*named, *small, *rest)


SHOWN = [(page, line) for page in PAGES for line in shown(page)]
LINES: dict[tuple[str, ...], list[str]] = {}
for page, line in SHOWN:
    LINES.setdefault(adapted(line), []).append(f"{page.name}: {line}")


@pytest.fixture(scope="module")
def prepared(
    bundle: Path, idx_folder: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Path, dict[str, str]]]:
    """The folder, made once, and what chance chose in it."""
    folder = tmp_path_factory.mktemp("documented")
    with stand_ins(tmp_path_factory.mktemp("docs-cache")):
        yield folder, prepare(folder, bundle, idx_folder)


def run(words: tuple[str, ...], folder: Path, chosen: dict[str, str]) -> Done:
    """Run words in a copy of the prepared folder."""
    command = command_of(list(words))
    if made := REMOVED.get(command):
        shutil.rmtree(folder / made, ignore_errors=True)
    if command in BEFORE:
        assert run(BEFORE[command], folder, chosen).status == 0
    if command == "contest submit" and "--key" not in words:  # a team's first
        shutil.rmtree(folder / "class-2026")
        shutil.move(folder / "empty", folder / "class-2026")
    full = [chosen.get(word.strip("{}"), word) if word.startswith("{") else word for word in words]
    return flowleague(*(only_file(word, folder) if "…" in word else word for word in full), cwd=folder)


def only_file(word: str, folder: Path) -> str:
    (path,) = folder.glob(word.replace("…", "*"))
    return str(path.relative_to(folder))


def run_job(words: tuple[str, ...], stage: Any) -> Done:
    """Run a command of a contest's jobs where it has its place: on a good pull request, after those before it."""
    stage.push(1, GOOD)
    stage.evaluate(1)
    if words[1] in ("comment", "record"):
        return stage.decide(words[1], 1)
    for made in ("entry", "evaluation") if words[1] == "check" else ("evaluation",):
        shutil.rmtree(stage.place / made)
    return flowleague(*words, "--contest", stage.clone, cwd=stage.place)


@pytest.mark.parametrize("words", LINES, ids=[names[0] for names in LINES.values()])
def test_what_is_shown_parses(words: tuple[str, ...]) -> None:
    command = COMMANDS
    named = command_of(list(words)).split()
    for name in named:
        command = command.commands[name]
    command.make_parser(typer.Context(command)).parse_args(list(words[len(named) :]))


@pytest.fixture
def _nothing_outlives_the_tests(monkeypatch: pytest.MonkeyPatch) -> None:
    """The training of a held-out judge goes on when its command has ended."""
    monkeypatch.setattr("flowleague.contest.held_out.train_in_background", lambda _folder: None)


# of Hugging Face's own way with large files
@pytest.mark.long
@pytest.mark.usefixtures("_nothing_outlives_the_tests")
@pytest.mark.filterwarnings("ignore:Use 'content=:DeprecationWarning")
@pytest.mark.parametrize("words", LINES, ids=[names[0] for names in LINES.values()])
def test_what_is_shown_does_what_it_should(
    words: tuple[str, ...], prepared: tuple[Path, dict[str, str]], tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    pages, (folder, chosen) = "\n".join(LINES[words]), prepared
    if words[0] == "pull" and words[1] in ("check", "evaluate", "comment", "record"):
        done = run_job(words, request.getfixturevalue("pull_requests"))
    else:
        place = shutil.copytree(folder, tmp_path / "here", symlinks=True)
        done = run(words, place, chosen)
        for option, path in pairwise(words):
            if option in ("-o", "--out"):
                assert (place / path).exists(), f"{pages}\nwrote no {path}: {done.err or done.out}"
    sentence = next((FAILING[line] for line in FAILING if adapted(line) == words), None)
    if sentence:
        assert (done.status, done.err.count("\n")) == (2, 1), f"{pages}\nis shown as failing: {done.out}{done.err}"
        assert sentence in done.err, pages
    else:
        assert done.status == 0, f"{pages}\nsays: {done.err or done.out}"
    assert "Traceback" not in done.out + done.err


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_no_command_is_overlooked(page: Path) -> None:
    """Whatever looks like a command somewhere in a page is among those that are run."""
    commands = "|".join(typer.main.get_command(app).commands)  # pyright: ignore[reportAttributeAccessIssue]
    text = re.sub(r"^```python\n.*?^```", "", page.read_text(), flags=re.DOTALL | re.MULTILINE)
    assert len(re.findall(rf"\bflowleague (?:{commands})\b", text)) == len(shown(page))


def test_commands_are_found_at_all_and_no_table_is_stale() -> None:
    assert len(SHOWN) > 100
    lines = {line for _, line in SHOWN}
    assert set(COMPLETED) | set(FAILING) <= lines
    words = {
        part
        for line in lines
        for word in shlex.split(COMPLETED.get(line, line))
        for part in (word, word.split("=")[-1])
    }
    assert set(NAMES) | set(SHORTER) <= words | set(NAMES.values())


@pytest.mark.parametrize("line", ["flowleague trian", "flowleague train --stpes 3", "flowleague contest rnak"])
def test_what_is_misspelt_fails(line: str, tmp_path: Path) -> None:
    assert flowleague(*adapted(line), cwd=tmp_path).status == 2
