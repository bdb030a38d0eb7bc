"""The tutorial, followed by script in one folder: each block finds what those before it left.

Commands are made small as `tests.test_docs_commands` does; the install is left out, and of a step for one's own
architecture the script of docs/own.md, in whose place stands the bundle.
"""

import json
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from tests.cli.test_commands import flowleague, refuse, succeed
from tests.docs_folder import CLIENT, stand_ins
from tests.test_docs_commands import FAILING, ROOT, adapted, only_file

PAGE = (ROOT / "docs" / "tutorial.md").read_text(encoding="utf-8")
STEPS = re.split(r"^## \d\. ", PAGE, flags=re.MULTILINE)[1:]
INSTALL, IMPROVE, OWN = 0, 4, 6


def lines_of(step: str) -> list[str]:
    """The commands in a step's blocks, in order."""
    blocks = re.findall(r"^```sh\n(.*?)^```", step, re.DOTALL | re.MULTILINE)
    lines = [re.split(r"\s#", line)[0].strip() for block in blocks for line in block.splitlines()]
    return [line for line in lines if line.startswith("flowleague ")]


def begin(folder: Path) -> None:
    """What the reader has from elsewhere: an organiser's contest, a client of Google's, and digits, here a few."""
    opens = (datetime.now(UTC) - timedelta(days=1)).strftime("%Y-%m-%dT%H:%M:%S")
    for name in ("class-2026", "empty"):
        succeed("contest", "new", name, "--opens", opens, cwd=folder)
    (folder / "client.json").write_text(json.dumps({"installed": CLIENT}))


def do(line: str, folder: Path, chosen: dict[str, str]) -> str:
    """Type a line; a word in braces is what chance chose before."""
    words = [chosen.get(word.strip("{}"), word) if word.startswith("{") else word for word in adapted(line)]
    words = [only_file(word, folder) if "…" in word else word for word in words]
    if line in FAILING:
        assert FAILING[line] in refuse(*words, cwd=folder)
        return ""
    done = flowleague(*words, cwd=folder)
    assert done.status == 0, f"{line}\n{done.out}{done.err}"
    return done.out


@pytest.mark.long
@pytest.mark.filterwarnings("ignore:Use 'content=:DeprecationWarning")
def test_the_tutorial_is_followed_from_install_to_submission(idx_folder: Path, tmp_path: Path) -> None:
    assert [step.split("\n")[0] for step in STEPS[IMPROVE::2]] == [
        "Improve, one thing at a time",
        "Your own architecture",
    ]
    folder, chosen = tmp_path / "here", {}
    folder.mkdir()
    (folder / "digits").symlink_to(idx_folder)
    with stand_ins(tmp_path / "cache"):
        begin(folder)
        for number, step in enumerate(STEPS):
            for line in lines_of(step):
                if line.startswith("flowleague contest rank"):
                    succeed("contest", "evaluate", "-C", "class-2026", cwd=folder)  # by the organiser
                said = do(line, folder, chosen)
                if submitted := re.search(r"Entry (\w+) of The Latents is in\.\n.* is (\S+)\n", said):
                    chosen = {"id": submitted[1], "key": submitted[2]}
            if number == IMPROVE:
                (toml,) = re.findall(r"^```toml\n(.*?)^```", step, re.DOTALL | re.MULTILINE)
                (folder / "my.toml").write_text(toml)
                assert "runs/my" in do("flowleague train my.toml", folder, chosen)
            if number == OWN:  # "instead of steps 2 and 6": in another contest
                (folder / "class-2026").rename(folder / "class-2026-own")
                (folder / "empty").rename(folder / "class-2026")
    for made in ("samples.png", "flow.gif", "reconstructions.png", "live.html", "report/words.md"):
        assert (folder / made).exists(), made
    assert len(chosen) == 2
