"""`flowleague contest final`, `withdraw`, `rename` and `new-key`: by a team's key, or by the organiser."""

from typing import Annotated

import typer

from flowleague.cli.layout import say
from flowleague.cli.options import HERE, ContestOption, EntryId, KeyOption

TeamName = Annotated[str, typer.Argument(metavar="TEAM", help="The team's public name.")]
OnBehalf = Annotated[
    str | None, typer.Option(help="As the organiser, for the team and without its key: why, for the records.")
]
Reason = Annotated[str, typer.Option(help="Why; everybody can read it in the records.")]


def final(entry: EntryId, key: KeyOption = None, contest: ContestOption = HERE, reason: OnBehalf = None) -> None:
    """Choose the entry that counts; without a choice the newest does."""
    from flowleague.contest.hands import choose_for
    from flowleague.contest.submit import choose

    chosen = choose(contest, entry, key) if reason is None else choose_for(contest, entry, reason)
    say(f"Entry {chosen.id} now counts for {chosen.team}.")


def withdraw(entry: EntryId, key: KeyOption = None, contest: ContestOption = HERE, reason: OnBehalf = None) -> None:
    """Withdraw an entry: it stays in the folder and no longer counts."""
    from flowleague.contest.hands import withdraw_for
    from flowleague.contest.submit import withdraw as take_back

    taken = take_back(contest, entry, key) if reason is None else withdraw_for(contest, entry, reason)
    say(f"Entry {taken.id} of {taken.team} is withdrawn.")


def rename(
    team: TeamName,
    name: Annotated[str, typer.Argument(help="The new public name.")],
    reason: Reason,
    contest: ContestOption = HERE,
) -> None:
    """Give a team another public name, as the organiser; nobody else gets the old one."""
    from flowleague.contest.hands import rename as give

    was = give(contest, team, name, reason)
    say(f"{was.name} is called {name} from now on.")
    say("Where analysis.toml, private.toml or the baselines of contest.toml have the old name, write the new one.")


def new_key(team: TeamName, reason: Reason, contest: ContestOption = HERE) -> None:
    """Draw a new key for a team, as the organiser, and print it once; the old one is worth nothing from then on."""
    from flowleague.contest.hands import renew_key

    say(f"The key of {team} is {renew_key(contest, team, reason)}")
    say("It is shown this once; give it to the team.")
