"""The report: a bundle's results analysis, as a page, as Markdown with pictures, and as a notebook.

subject      the bundle, opened once          scorecards   the card that belongs to it, found or measured
analysis     everything shown, computed: losses, latents, walks, sweep, neighbours
tradeoffs    what the data says of changes    words        the author's own words
charts       drawn by matplotlib, in themes   sheets       pictures of digits
sections/    what the report says, as data    arrange      that data as HTML, Markdown and a notebook
build        the folder                       site/        template and style of the page

Charts and the author's Markdown need the extra: pip install 'flowleague[report]'.
"""

from importlib.util import find_spec

from flowleague.errors import FlowLeagueError


class ReportError(FlowLeagueError):
    """A report cannot be made, or not where it was wanted."""


def require_libraries() -> None:
    """Raise `ReportError` when what only reports need is not installed."""
    for module, package in (("matplotlib", "matplotlib"), ("markdown_it", "markdown-it-py")):
        if find_spec(module) is None:
            raise ReportError(f"A report needs {package}; install it with: pip install 'flowleague[report]'.")
