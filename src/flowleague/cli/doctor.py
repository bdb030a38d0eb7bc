"""The command that checks whether this system can measure strangers' code."""


def doctor() -> None:
    """Try to escape from the sandbox in which strangers' code runs, and say what is missing on this system."""
    from flowleague.cli.layout import Column, print_table
    from flowleague.entrant.sandbox.doctor import escapes, requirements
    from flowleague.errors import WallError

    needed = list(requirements())
    built = all(check.good for check in needed)
    checks = needed + (escapes() if built else [])
    rows = []
    for number, check in enumerate(checks):
        word = ("here" if check.good else "MISSING") if number < len(needed) else ("held" if check.good else "ESCAPED")
        rows.append((check.name, word, check.outcome))
    columns = [Column("needed, or tried from inside", folds=True, least=20), Column(""), Column("outcome", folds=True)]
    print_table(columns, rows)
    if not built:
        raise WallError(f"{needed[-1].outcome} Until then only --trust runs code, as if it were your own.")
    escaped = [check.name for check in checks if not check.good]
    if escaped:
        raise WallError(
            f"The sandbox does not hold here: {', '.join(escaped)}. Do not run strangers' code on this system."
        )
    print(f"The sandbox holds: {len(checks) - len(needed)} attempts to escape failed.")
