"""The documentation site: `make docs` builds it into docs/_build; a warning is an error."""

import sys
from importlib import metadata
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "src"))

project = "FlowLeague"
author = "The FlowLeague authors"
copyright = "the FlowLeague authors"  # noqa: A001
release = metadata.version("flowleague")
extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon", "sphinx.ext.viewcode"]
exclude_patterns = ["_build"]
html_theme = "furo"
html_title = "FlowLeague"
myst_enable_extensions = ["dollarmath", "colon_fence"]
myst_heading_anchors = 3
autodoc_typehints = "signature"
autodoc_member_order = "bysource"
autodoc_preserve_defaults = True
