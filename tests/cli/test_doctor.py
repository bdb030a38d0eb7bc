import pytest
import typer
from typer.testing import CliRunner

from flowleague.cli import doctor as module
from flowleague.cli.doctor import doctor
from flowleague.engines.job import Ended
from flowleague.errors import WallError

app = typer.Typer()
app.command()(doctor)


def test_doctor_shows_every_attempt():
    done = CliRunner().invoke(app, [], env={"COLUMNS": "200"})
    assert done.exit_code == 0, done.output
    assert "The sandbox holds" in done.output
    assert "connect to the internet" in done.output
    assert "ESCAPED" not in done.output


class Worker:
    """An engine whose worker answers at once."""

    def __init__(self, *said: str, status: int | None = 0):
        self.ended = Ended(status, said)

    def start(self, job):
        assert job.command[1:] == ("-m", "flowleague", "doctor")

    def poll(self, job):
        return self.ended


@pytest.mark.parametrize("differs", [True, False])
def test_doctor_asks_a_worker_and_compares(differs, monkeypatch):
    here = module._versions()
    said = "flowleague 0, torch is missing" if differs else here
    monkeypatch.setattr(module, "engine_of", lambda *options: Worker(said, "The sandbox holds."))
    done = CliRunner().invoke(app, ["--engine", "slurm"])
    assert done.exit_code == 0, done.output
    assert said in done.output
    assert (f"Here: {here}." in done.output) == differs


def test_doctor_of_a_lost_worker_fails(monkeypatch):
    monkeypatch.setattr(module, "engine_of", lambda *options: Worker(status=None))
    assert isinstance(CliRunner().invoke(app, ["--engine", "ray"]).exception, WallError)


def test_doctor_says_what_is_missing(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    done = CliRunner().invoke(app, [])
    assert isinstance(done.exception, WallError)
    assert "MISSING" in done.output
    assert "apt-get install bubblewrap" in str(done.exception)
