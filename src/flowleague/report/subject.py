"""What a report is about: a bundle, opened once."""

import hashlib
import json
from dataclasses import asdict, dataclass
from pathlib import Path

from flowleague.bundle.files import shown
from flowleague.bundle.read import Bundle, read_bundle
from flowleague.entrant.bundle import facts_of
from flowleague.entrant.model import Facts
from flowleague.errors import BundleError, printable
from flowleague.model.cost import Cost, cost
from flowleague.model.latent_flow import LatentFlow
from flowleague.program.container import is_captured


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


def open_subject(path: Path, name: str | None = None) -> Subject:
    """Open a bundle, folder or zip; `name` is what the report calls it. Raises `BundleError`."""
    name = path.resolve().name.removesuffix(".zip") if name is None else name
    if name != printable(name) or not name:
        raise BundleError(f"'{printable(name)}' is no name for a report; use fewer and printable characters.")
    if path.is_file() and is_captured(path):
        raise BundleError(
            f"{shown(path)} is a captured entry: it has no recipe and no networks to analyse. Report on the bundle "
            "it was captured from, or measure it with flowleague score."
        )
    bundle = read_bundle(path)
    flow = LatentFlow.from_bundle(bundle, shown(path))
    costs = cost(bundle.recipe.vae, bundle.recipe.flow)
    return Subject(name, bundle, flow, costs, facts_of(bundle, name))
