"""The workflows: linters find nothing, every action is pinned, and privileges are where they belong."""

import hashlib
import re
import subprocess
import sys
from importlib.metadata import requires
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from tests.cli.test_commands import flowleague, refuse, succeed
from tests.pulls.conftest import SOURCE

from flowleague.pulls.event import EVALUATE
from flowleague.pulls.workflows import WORKFLOWS

BIN = Path(sys.executable).parent


@pytest.fixture
def contest(tmp_path):
    folder = tmp_path / "class"
    assert ".github" in succeed("contest", "new", folder, "--github", "--source", SOURCE)
    (folder / ".git").mkdir()  # actionlint looks for the top of a repository
    return folder


def text(contest: Path, name: str) -> str:
    return (contest / ".github" / "workflows" / name).read_text()


def lint(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([BIN / words[0], *words[1:]], cwd=folder, capture_output=True, text=True, check=False)


def test_zizmor_finds_nothing_but_the_trigger_that_is_waived(contest):
    done = lint(contest, "zizmor", "--offline", "--persona=auditor", "--no-progress", "--color=never", ".github")
    assert done.returncode == 0, done.stdout
    assert "No findings to report" in done.stdout + done.stderr
    assert "(1 ignored)" in done.stdout + done.stderr
    board, branch = contest / ".github" / "workflows" / "board.yml", "${{ github.event.workflow_run.head_branch }}"
    board.write_text(board.read_text().replace("run: flowleague pull comment", f"run: echo {branch}"))
    assert lint(contest, "zizmor", "--offline", ".github").returncode != 0  # it does look


def test_actionlint_finds_nothing(contest):
    done = lint(contest, "actionlint", "-shellcheck=", "-pyflakes=")
    assert (done.returncode, done.stdout) == (0, "")
    board = contest / ".github" / "workflows" / "board.yml"
    board.write_text(board.read_text().replace("needs: comment", "needs: coment"))
    assert lint(contest, "actionlint").returncode != 0  # it does look


@pytest.mark.parametrize("name", WORKFLOWS)
def test_actions_are_pinned_and_every_job_has_limits_and_a_time(name, contest):
    workflow = text(contest, name)
    used = re.findall(r"uses: (\S+)", workflow)
    assert used
    assert all(re.fullmatch(r"actions/[a-z-]+@[0-9a-f]{40}", action) for action in used)
    jobs = workflow.count("runs-on:")
    assert workflow.count("timeout-minutes:") == jobs
    assert len(re.findall(r"^    permissions:\n", workflow, re.MULTILINE)) == jobs
    assert "\npermissions: {}\n" in workflow
    assert "\nconcurrency:\n" in workflow
    assert workflow.count("persist-credentials: false") == workflow.count("actions/checkout@")
    assert "head.sha" not in workflow  # no pull request is checked out
    assert "secrets." not in workflow
    assert "pull_request_target" not in workflow


def test_the_job_that_runs_code_may_only_read_and_runs_it_without_a_token(contest):
    workflow = text(contest, "evaluate.yml")
    assert re.findall(r"^ +(\S+): (?:read|write)\b", workflow, re.MULTILINE) == ["contents"]
    step = workflow[workflow.index("- name: Measure") : workflow.index("- name: Store")]
    assert "env:" not in step
    assert EVALUATE == ".github/workflows/evaluate.yml"
    assert re.search(r"^name: (.+)$", workflow, re.MULTILINE)[1] in text(contest, "board.yml")  # pyright: ignore


def test_the_commands_in_the_workflows_exist(contest):
    for name in WORKFLOWS:
        for command in re.findall(r"run: flowleague (\w+ ?\w*)", text(contest, name)):
            words = command.split()[: 2 if command.startswith("pull") else 1]
            assert flowleague(*words, "--help").status == 0


def test_what_is_there_is_not_written_over(contest, tmp_path):
    (contest / "contest.toml").unlink()
    assert "is there already" in refuse("contest", "new", contest, "--github", "--source", SOURCE)
    assert not (contest / "contest.toml").exists()
    plain = tmp_path / "plain"
    succeed("contest", "new", plain)
    assert not (plain / ".github").exists()


def test_outside_of_a_job_each_command_is_refused_in_one_sentence(tmp_path, monkeypatch):
    for name in ("GITHUB_EVENT_PATH", "GITHUB_REPOSITORY", "GITHUB_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    (tmp_path / "entry").mkdir()
    for words in (("check", tmp_path / "entry", tmp_path), ("evaluate", tmp_path / "entry", tmp_path), ("comment",)):
        assert "inside a job" in refuse("pull", *words)


@pytest.mark.parametrize(
    "source",
    [
        [],
        ["--source", "flowleague==0.1.0"],  # whoever registers the name
        ["--source", "git+https://example.org/league/flowleague"],
        ["--source", "git+https://example.org/league/flowleague@main"],
        ["--source", "git+https://example.org/league/flowleague@0123abc"],
        ["--source", "missing/flowleague-0.1.0-py3-none-any.whl"],
    ],
)
def test_jobs_install_nothing_without_a_source_of_the_organisers(source, tmp_path):
    sentence = refuse("contest", "new", tmp_path / "class", "--github", *source)
    assert "--source" in sentence
    assert not (tmp_path / "class").exists()


def test_a_wheel_is_put_beside_the_workflows_and_named_by_its_hash(tmp_path):
    wheel = tmp_path / "flowleague-0.1.0-py3-none-any.whl"
    wheel.write_bytes(b"a wheel")
    succeed("contest", "new", tmp_path / "class", "--github", "--source", wheel)
    place = tmp_path / "class" / ".github"
    assert (place / wheel.name).read_bytes() == b"a wheel"
    said = (place / "flowleague.txt").read_text().splitlines()[-1]
    assert said == f"./.github/{wheel.name} --hash=sha256:{hashlib.sha256(b'a wheel').hexdigest()}"


@pytest.mark.parametrize("name", WORKFLOWS)
def test_every_installed_file_is_proven_by_its_hash(name, contest):
    """The second file names what the organiser gave, by a commit or a hash; and it brings nothing with it."""
    installs = re.findall(r"pip install (.*)", text(contest, name))
    jobs = text(contest, name).count("Install FlowLeague") + text(contest, name).count("Install the evaluator")
    assert installs == jobs * [
        "--quiet --require-hashes --requirement .github/requirements.txt",
        "--quiet --no-deps --no-build-isolation --requirement .github/flowleague.txt",
    ]
    assert (contest / ".github" / "flowleague.txt").read_text().splitlines()[-1] == f"flowleague @ {SOURCE}"


def test_the_list_of_hashes_holds_all_that_flowleague_requires(contest):
    lines = (contest / ".github" / "requirements.txt").read_text().splitlines()
    held = [re.fullmatch(r"([a-z0-9.-]+)==([^ ]+) --hash=sha256:[0-9a-f]{64}", line) for line in lines[2:]]
    assert all(held)
    versions = {match[1]: match[2] for match in held if match}
    ahead = [Requirement(line) for line in requires("flowleague") or ()] + [Requirement("hatchling")]
    for one in ahead:
        if one.marker and not any(one.marker.evaluate({"extra": extra}) for extra in ("", "report", "train")):
            continue
        name = one.name.lower().replace("_", "-")
        assert one.specifier.contains(versions.get(name, "0"), prereleases=True), f"{one}: see tests/pulls/lock.py"
