"""What a report is about, opened once: a bundle here, a captured entry in `flowleague.report.captured`."""

import hashlib
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from flowleague.bundle.files import shown
from flowleague.bundle.read import Bundle, read_bundle
from flowleague.entrant.bundle import facts_of, replayed
from flowleague.entrant.model import Facts, Model
from flowleague.errors import BundleError, printable
from flowleague.model.cost import Cost, cost
from flowleague.model.latent_flow import LatentFlow


@dataclass(frozen=True)
class Subject:
    """A bundle by its name: its content, its network, what that costs, and the facts that the judge takes."""

    name: str
    bundle: Bundle
    flow: LatentFlow
    costs: Cost
    facts: Facts

    @property
    def sha256(self) -> str:
        """One hash of all that the report is made from: recipe, weights, log and card."""
        content = [asdict(self.bundle.recipe), self.bundle.sha256, self.bundle.log, self.bundle.card]
        return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()

    @property
    def dataset(self) -> str:
        """The data set that it was trained on."""
        return self.bundle.recipe.dataset

    @property
    def about(self) -> str:
        """What the report says of it below its name."""
        recipe = self.bundle.recipe
        return f"Recipe {recipe.name}: {recipe.about}" if recipe.about else f"Recipe {recipe.name}"

    @contextmanager
    def measured(self) -> Iterator[Model]:
        """The model for the judge."""
        with replayed(self.bundle, self.flow, self.name) as model:
            yield model


def name_of(path: Path, name: str | None = None) -> str:
    """What a report calls its subject: the given name, else the file's. Raises `BundleError`."""
    name = path.resolve().name.removesuffix(".zip") if name is None else name
    if name != printable(name) or not name:
        raise BundleError(f"'{printable(name)}' is no name for a report; use fewer and printable characters.")
    return name


def open_subject(path: Path, name: str | None = None) -> Subject:
    """Open a bundle, folder or zip; `name` is what the report calls it. Raises `BundleError`."""
    name = name_of(path, name)
    bundle = read_bundle(path)
    flow = LatentFlow.from_bundle(bundle, shown(path))
    costs = cost(bundle.recipe.vae, bundle.recipe.flow)
    return Subject(name, bundle, flow, costs, facts_of(bundle, name))
