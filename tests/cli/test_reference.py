"""The page of all commands is what the program says."""

from pathlib import Path

from flowleague.cli.reference import reference

PAGE = Path(__file__).parents[2] / "docs" / "commands.md"


def test_the_page_is_what_the_program_says() -> None:
    hint = "the commands have changed; write the page again: python -m flowleague.cli.reference > docs/commands.md"
    assert PAGE.read_text() == reference(), hint
