import typer
from typer.testing import CliRunner

from flowleague.cli.doctor import doctor
from flowleague.errors import WallError

app = typer.Typer()
app.command()(doctor)


def test_doctor_shows_every_attempt():
    done = CliRunner().invoke(app, [], env={"COLUMNS": "200"})
    assert done.exit_code == 0, done.output
    assert "The sandbox holds" in done.output
    assert "connect to the internet" in done.output
    assert "ESCAPED" not in done.output


def test_doctor_says_what_is_missing(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    done = CliRunner().invoke(app, [])
    assert isinstance(done.exception, WallError)
    assert "MISSING" in done.output
    assert "apt-get install bubblewrap" in str(done.exception)
