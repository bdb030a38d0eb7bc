"""``python -m flowleague``."""

from flowleague.cli import main

main()
