"""Scorecards in a contest: which are taken, and what is recorded of them.

A card is hostile data until it is read by `flowleague.scorecard.card` and fits: the contest's data set, plan and
latent sizes, and, within a round, one evaluator, one pair of judges and the same digits for all, so that every
figure of a round compares with every other.
"""

from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from flowleague.contest.chain import file_sha256
from flowleague.contest.entry_files import weight_sizes
from flowleague.contest.evaluator import Evaluator
from flowleague.contest.events import Found, Score, evaluator_of, view
from flowleague.contest.following import replaces
from flowleague.contest.records import Writer, writing
from flowleague.contest.rules import Rules, read_rules
from flowleague.contest.state import State, Submission
from flowleague.errors import FlowLeagueError
from flowleague.program.container import CONSTANTS
from flowleague.scorecard.card import Scorecard, ScorecardError, read_scorecard, to_json
from flowleague.scorecard.metrics import METRICS
from flowleague.text import listed


class ForeignCardError(FlowLeagueError):
    """A scorecard does not belong to this contest, or compares with none of its others."""


def check_fit(card: Scorecard, rules: Rules) -> None:
    """Raises `ForeignCardError` unless the card measures what the rules of a contest ask for."""
    if card.dataset != Path(rules.dataset).name:  # of a folder a card says the name alone
        raise ForeignCardError(f"It was measured on {card.dataset}; this contest is about {rules.dataset}.")
    if card.plan != rules.evaluation.plan:
        raise ForeignCardError(f"It was measured by the plan '{card.plan}'; the rules say '{rules.evaluation.plan}'.")
    low, high = rules.entries.latent_size
    if card.latent_size is not None and not low <= card.latent_size <= high:
        raise ForeignCardError(f"It has {card.latent_size} latent dimensions; the rules allow {low} to {high}.")


def check_comparable(card: Scorecard, reference: Evaluator | None) -> None:
    """Raises `ForeignCardError` when a card was measured in another way than those it would stand beside."""
    differences = Evaluator.of(card).differences(reference) if reference else []
    if differences:
        raise ForeignCardError(f"It does not compare with this contest's cards: {'; '.join(differences)}.")


def record_score(
    writer: Writer,
    entry: Submission,
    card: Scorecard,
    round_: int,
    source: str,
    pictures: Mapping[str, bytes] | None = None,
    held_out: str = "",
) -> Score:
    """Record a card and keep it beside its entry, with the pictures that were drawn when it was measured, by name.

    Findings, and value and standard error of every metric that the card holds, stand in the record too, so that a
    ranking can be computed again from the records alone, also when a later version of the program reads other cards.

    `held_out` is the SHA-256 of the contest's held-out judge, where one looked at the entry.

    Exactly once: raises `ForeignCardError` where the round has a score of the entry, unless this one was measured here
    and that one elsewhere.
    """
    state = writer.state
    if not replaces(state.measured[round_ - 1].get(entry.id), source):
        raise ForeignCardError(f"The entry {entry.id} has a score in round {round_} already; it is recorded once.")
    body = {"id": entry.id, "round": round_, "source": source, **said_by(card)}
    body |= {"held_out": held_out} if held_out else {}
    turn = f"{round_}.{state.again[entry.id] + 1}" if entry.id in state.again else str(round_)
    name = f"scorecard-{turn}" + ("-elsewhere" if source == "elsewhere" else "")  # it may be measured here later
    files: dict[str, bytes | Path] = {f"{entry.folder}/{name}.json": to_json(card)}
    files |= {f"{entry.folder}/{name}-{turn}.png": raw for name, raw in (pictures or {}).items()}
    return view(writer.append("score", body, files), Score)


def said_by(card: Scorecard) -> dict[str, Any]:
    """What the record of a score says of its card."""
    lacking = card.lacking()
    held = {name: metric for name, metric in card.metrics().items() if name not in lacking}
    metrics = {name: (metric.value, metric.standard_error or 0.0) for name, metric in held.items()}
    found = [{"name": f.name, "category": f.category, "sentence": f.sentence} for f in card.findings]
    real = {name: metric.reference for name, metric in held.items() if METRICS[name].noise}
    references = {name: reference for name, reference in real.items() if reference is not None}
    said = {"by": asdict(Evaluator.of(card)), "metrics": metrics, "found": found, "references": references}
    if any(finding.name == "not_captured" for finding in card.findings):
        said["captured"] = False
    return said


def disagreement(folder: Path, score: Score) -> str:
    """Where the record of a score says something else than the card beside it; empty where they agree.

    What only one of them holds is no disagreement: cards of other versions know other metrics.
    """
    path = next((path for path in score.files if path.endswith(".json")), "")
    if not path or not (folder / path).is_file() or file_sha256(folder / path) != score.files[path]:
        return ""  # verify tells of files that are missing or altered
    try:
        said = said_by(read_scorecard(folder / path))
    except ScorecardError:
        return f"{path} is no scorecard, and record {score.number} holds figures of it."
    values: dict[str, tuple[float | None, float]] = said["metrics"]
    other = [name for name, value in score.metrics.items() if name in values and values[name] != value]
    if score.found and [Found(**one) for one in said["found"]] != list(score.found):
        other.append("the findings")
    by = Evaluator(**said["by"])
    if by.differences(score.by) or score.by.machine not in ("", by.machine):
        other.append("the evaluator")
    return f"Record {score.number} and the card {path} disagree in {listed(other, most=5)}." if other else ""


def take_card(folder: Path, path: Path) -> tuple[Submission, bool]:
    """Take a scorecard that was measured elsewhere, for the entry whose weights it names; true when it was new.

    Raises `ScorecardError` or `ForeignCardError`. There must be a card that was measured here: it is what decides
    which evaluator, judges and digits are this contest's.
    """
    rules, card = read_rules(folder), read_scorecard(path)
    check_fit(card, rules)
    with writing(folder) as writer:
        state = writer.state
        reference = evaluator_of(state.measured[-1])
        if reference is None:
            raise ForeignCardError(
                "No entry has been measured here yet, so there is nothing to compare a foreign scorecard with; run "
                "`flowleague contest evaluate` on one first."
            )
        check_comparable(card, reference)
        if state.final_round:
            raise ForeignCardError("The final round has seeds of its own, so it takes no scorecard measured elsewhere.")
        entry = _measured_by(card, state)
        if entry.id in state.measured[-1]:
            return entry, False
        check_sizes(card, folder, entry)
        record_score(writer, entry, card, state.round, "elsewhere")
    return entry, True


def check_sizes(card: Scorecard, folder: Path, entry: Submission) -> None:
    """Raises `ForeignCardError` where a card gives an entry's files other bytes than they have, or too few numbers."""
    sizes = weight_sizes(folder / entry.folder, entry.file, entry.weights)
    for file in card.weights:
        if file.bytes != sizes[file.sha256]:
            raise ForeignCardError(
                f"It gives {file.name} {file.bytes:,} bytes; the file of entry {entry.id} has {sizes[file.sha256]:,}."
            )
    said, held = sum(file.numbers for file in card.weights), sum(entry.tensors.values())
    if said < held and CONSTANTS not in entry.weights:  # of constants the judge counts bits
        raise ForeignCardError(f"It counts {said:,} numbers; the tensors of entry {entry.id} hold {held:,} or more.")


def _measured_by(card: Scorecard, state: State) -> Submission:
    weights = sorted(file.sha256 for file in card.weights)
    for entry in reversed(state.live()):
        if weights and sorted(entry.weights.values()) == weights:
            return entry
    raise ForeignCardError("It measures weights that no entry of this contest has; send the entry in first.")
