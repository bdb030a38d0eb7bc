"""The section on where the model comes from, and how to make it and this report again."""

import dataclasses

from flowleague.bundle.recipe import RECIPES, flatten
from flowleague.report.captured import Captured
from flowleague.report.content import Section, Table
from flowleague.report.missing import Missing
from flowleague.report.subject import Subject
from flowleague.scorecard.card import Scorecard
from flowleague.text import number

_TITLE, _HEAD = "Where it comes from", ["what", "value"]


def provenance(subject: Subject, card: Scorecard | Missing) -> Section:
    """Recipe, data, hardware, hashes; the evaluator's where there is a scorecard."""
    recipe, bundle = subject.bundle.recipe, subject.bundle.card
    hardware, versions = bundle.get("hardware", {}), bundle.get("versions", {})
    rows = [
        ["recipe", f"{recipe.name}, seed {recipe.seed}, data {recipe.dataset}"],
        ["command", command(subject)],
        ["images", bundle.get("data", {}).get("images") or "not said"],
        ["trained on", ", ".join(f"{key} {value}" for key, value in hardware.items()) or "not said"],
        ["versions", ", ".join(f"{key} {value}" for key, value in versions.items()) or "not said"],
    ]
    for stage, seconds in bundle.get("training", {}).get("seconds", {}).items():
        rows.append([f"seconds of the {stage} stage", number(round(seconds))])
    if wall := bundle.get("training", {}).get("wall_seconds"):
        rows.append(["seconds in all, stages side by side", number(round(wall))])
    rows += [[f"SHA-256 of {name}", digest] for name, digest in subject.bundle.sha256.items()]
    rows += _measured_by(card)
    config = [[key, str(value)] for key, value in flatten(dataclasses.asdict(recipe)).items()]
    return Section(
        id="provenance",
        title=_TITLE,
        tables=[
            Table(title="Model and measurement", head=_HEAD, rows=rows),
            Table(title="The whole recipe", head=_HEAD, rows=config, folded=True),
        ],
    )


def captured_provenance(subject: Captured, card: Scorecard | Missing) -> Section:
    """Hashes of a captured entry and of what measured it; where it was trained it does not say."""
    rows = [["SHA-256 of the captured entry", subject.sha256], ["data set, as it declares", subject.dataset]]
    rows += [[f"SHA-256 of {file.name}", file.sha256] for file in subject.facts.weights]
    return Section(
        id="provenance",
        title=_TITLE,
        tables=[Table(title="Model and measurement", head=_HEAD, rows=[*rows, *_measured_by(card)])],
    )


def _measured_by(card: Scorecard | Missing) -> list[list[str]]:
    """The evaluator, its judges and digits; nothing without a scorecard."""
    if isinstance(card, Missing):
        return []
    return [
        ["measured by", f"{card.evaluator}, plan {card.plan}, {card.timing.measured_at}"],
        *([f"judge {judge.name}", judge.sha256] for judge in card.judges),
        *([f"digits, {name}", digest] for name, digest in card.data_sha256.items()),
    ]


def command(subject: Subject) -> str:
    """The words that train this model again, where its recipe has a known name."""
    recipe = subject.bundle.trained
    if recipe.name not in RECIPES:
        return "its recipe is not one of this version's"
    usual, own = (flatten(dataclasses.asdict(r)) for r in (RECIPES[recipe.name](), recipe))
    changes = " ".join(f"--set {key}={value}" for key, value in own.items() if value != usual[key] and key != "budget")
    words = f"`flowleague train {recipe.name} {changes}".rstrip() + "`"
    now = flatten(dataclasses.asdict(subject.bundle.recipe))
    later = "".join(f" --{key.split('.')[1]} {now[key]}" for key in subject.bundle.card.get("trained_with", {}))
    return words + (f", then `flowleague set BUNDLE{later} --out OTHER`" if later else "")
