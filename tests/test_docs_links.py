"""Messages lead to the documentation by links that work where the package was installed without docs/."""

import ast
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

from flowleague.errors import docs_link

ROOT = Path(__file__).parents[1]
FILES = sorted((ROOT / "src").rglob("*.py"))
REFERENCE = ROOT / "src" / "flowleague" / "cli" / "reference.py"  # writes into docs/ itself


def calls() -> Iterator[str]:
    """The pages that `docs_link` is called with."""
    for path in FILES:
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "docs_link":
                (page,) = node.args
                assert isinstance(page, ast.Constant), f"{path} computes the page, so nobody can check it"
                yield str(page.value)


def texts(path: Path) -> Iterator[str]:
    """The strings of a file that are not docstrings."""
    tree = ast.parse(path.read_text())
    alone = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in alone:
            yield node.value


def test_every_link_names_a_page() -> None:
    pages = set(calls())
    assert len(pages) > 1
    for page in pages:
        assert (ROOT / "docs" / f"{page}.md").is_file(), page


def test_no_message_names_a_page_by_its_path() -> None:
    found = {path.name: text for path in FILES if path != REFERENCE for text in texts(path) if "docs/" in text}
    assert {name for name, text in found.items() if re.search(r"docs/\w+\.md", text)} == set()


def test_the_links_are_those_of_the_project() -> None:
    urls = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["urls"]
    assert urls["Documentation"] == docs_link("index")
    assert all(url.startswith(urls["Source"]) for url in urls.values())
    assert (ROOT / "CHANGELOG.md").is_file()


def test_the_readme_has_no_link_that_only_works_in_a_checkout() -> None:
    """The package index shows it too. What a link names is in the checkout."""
    text = (ROOT / "README.md").read_text()
    links = re.findall(r"\]\(([^)\s]+)\)", text)
    assert len(links) > 20
    for link in links:
        path = re.sub(r"^https://(github|raw\.githubusercontent)\.com/flowleague/flowleague/(blob/)?main/", "", link)
        assert link.startswith("https://"), link
        assert (ROOT / path.partition("#")[0]).is_file(), link


def test_a_wheel_says_what_it_is_and_that_it_is_typed() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert (ROOT / "src" / "flowleague" / "py.typed").is_file()
    assert "Typing :: Typed" in project["classifiers"]
    assert f"\n## {project['version']}, 20" in (ROOT / "CHANGELOG.md").read_text()
