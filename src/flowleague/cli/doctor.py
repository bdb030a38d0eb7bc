"""The command that checks whether this system can measure strangers' code."""


def doctor() -> None:
    """Try to escape from the sandbox in which strangers' code runs, and say what is missing on this system."""
    from rich.console import Console
    from rich.table import Table

    from flowleague.entrant.sandbox.doctor import escapes, requirements
    from flowleague.errors import WallError

    needed = list(requirements())
    built = all(check.good for check in needed)
    checks = needed + (escapes() if built else [])
    table = Table("needed, or tried from inside", "", "outcome")
    for number, check in enumerate(checks):
        word = ("here" if check.good else "MISSING") if number < len(needed) else ("held" if check.good else "ESCAPED")
        table.add_row(check.name, word, check.outcome)
    Console().print(table)
    if not built:
        raise WallError(f"{needed[-1].outcome} Until then only --trust runs code, as if it were your own.")
    escaped = [check.name for check in checks if not check.good]
    if escaped:
        raise WallError(
            f"The sandbox does not hold here: {', '.join(escaped)}. Do not run strangers' code on this system."
        )
    print(f"The sandbox holds: {len(checks) - len(needed)} attempts to escape failed.")
