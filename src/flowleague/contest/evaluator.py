"""What measured a card, so that figures are compared only where the same evaluator gave them."""

from dataclasses import dataclass

from flowleague.scorecard.card import Scorecard


@dataclass(frozen=True)
class Evaluator:
    """What measured a card: the evaluator's version, the plan, SHA-256 of the judges and of the digits.

    `machine` is its system and version of torch, which may change last digits; empty in records of before.
    """

    evaluator: str
    plan: str
    judges: dict[str, str]
    data: dict[str, str]
    machine: str = ""

    @classmethod
    def of(cls, card: Scorecard) -> "Evaluator":
        """That of a card."""
        judges = {judge.name: judge.sha256 for judge in card.judges}
        machine = f"{card.hardware.machine}, torch {card.hardware.torch}"
        return cls(card.evaluator, card.plan, judges, card.data_sha256, machine)

    def differences(self, other: "Evaluator") -> list[str]:
        """What distinguishes two evaluators, in words; machines may differ within a round."""
        words = {"evaluator": "version", "plan": "plan", "judges": "judges", "data": "digits"}
        return [
            f"{word} {_short(getattr(self, name))} instead of {_short(getattr(other, name))}"
            for name, word in words.items()
            if getattr(self, name) != getattr(other, name)
        ]


def _short(value: str | dict[str, str]) -> str:
    if isinstance(value, str):
        return value
    return " + ".join(f"{name} {digest[:8]}" for name, digest in sorted(value.items())) or "none"
