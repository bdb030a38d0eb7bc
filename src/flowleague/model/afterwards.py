"""Other numerics for a finished model: solver, steps, temperature and refinement are no weights."""

import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from flowleague.archive import write_zip
from flowleague.bundle.files import CARD_FILE, read_files, shown
from flowleague.bundle.read import config_json, parse_bundle
from flowleague.bundle.recipe import flatten, with_values
from flowleague.errors import BundleError
from flowleague.model.cost import check_cost, cost


def set_anew(path: Path, values: Mapping[str, Any]) -> tuple[bytes, dict[str, tuple[Any, Any]]]:
    """A bundle (folder or zip) with other values of these, as the bytes of a zip.

    Returns with it what changed: the values before and after, by key. Weights and log stay as they are; the card tells
    with what the model was trained, and the cost of a sample is counted again. Raises `BundleError` or `RecipeError`.
    """
    files = read_files(path)
    bundle = parse_bundle(files, shown(path))
    recipe = with_values(bundle.recipe, values)
    check_cost(recipe.vae, recipe.flow)
    before, after, trained = (flatten(asdict(each)) for each in (bundle.recipe, recipe, bundle.trained))
    changed = {key: (before[key], after[key]) for key in values if before[key] != after[key]}
    if not changed:
        raise BundleError(f"{shown(path)} has these values already; there is nothing to write.")
    differs = {
        key: trained[key] for key in (*bundle.card.get("trained_with", {}), *changed) if trained[key] != after[key]
    }
    card = {key: value for key, value in bundle.card.items() if key != "trained_with"}
    card |= {"cost": card.get("cost", {}) | asdict(cost(recipe.vae, recipe.flow))}
    card |= {"trained_with": differs} if differs else {}
    content = (json.dumps(card, indent=2) + "\n").encode()
    return write_zip(files | {"config.json": config_json(recipe), CARD_FILE: content}), changed
