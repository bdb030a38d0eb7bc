"""The table of attacks and what came of them: ``python -m tests.hostile [NAME ...]``."""

import sys

from rich.console import Console
from rich.table import Table

from tests.hostile.arena import attacks, run


def main() -> None:
    """Run all hostile entries, or those named, and print a row for each; exits with 1 when one was not held."""
    table = Table("attack", "what it tries", "outcome", "held", "s")
    failing = 0
    chosen = [attack for attack in attacks() if attack.name in sys.argv[1:] or not sys.argv[1:]]
    for attack in chosen:
        outcome = run(attack)
        wrong = outcome.failing(attack)
        failing += bool(wrong)
        told = "; ".join(f"{name}: {sentence}" for name, sentence in outcome.findings.items()) or "no effect"
        table.add_row(attack.name, attack.what, wrong or told[:200], "NO" if wrong else "yes", f"{outcome.seconds:.1f}")
    console = Console(width=150) if not sys.stdout.isatty() else Console()
    console.print(table)
    print(f"{len(chosen)} attacks, {len(chosen) - failing} held.")
    sys.exit(bool(failing))


if __name__ == "__main__":
    main()
