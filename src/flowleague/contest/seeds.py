"""The seeds of a contest's evaluations: nobody who sends an entry in knows them before it is measured.

While a contest is open they derive from a secret of 256 bits, which lies in the private file; the records hold its
SHA-256 from the beginning. Those of the final round derive from a public random value that is announced after the
closing. Each of five seeds is the first 31 bits of SHA-256 of the root and its number.

    open     root = SHA-256(the secret's bytes and "seeds"), which is not the commitment
    final    root = SHA-256(value, contest, number of the round, a line each)

A contest without a commitment, of an older version or by pull requests, uses the published seeds of the judge.
"""

import hashlib
import secrets
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

from flowleague.contest.amending import note_rules, settle
from flowleague.contest.events import Event, FinalRound, Rescore, Score, Secret
from flowleague.contest.folder import Contest, ContestError, add_secret, read_secret
from flowleague.contest.records import writing
from flowleague.contest.rules import read_rules
from flowleague.contest.state import State
from flowleague.errors import printable

SEEDS = 5  # one per repeat of the judge
_BITS = 31


def commitment_to(secret: str) -> str:
    """The SHA-256 of a secret of 64 hexadecimal digits.

    >>> commitment_to("00" * 32)[:8]
    '66687aad'
    """
    return hashlib.sha256(bytes.fromhex(secret)).hexdigest()


def final_root(value: str, contest: str, number: int) -> str:
    """SHA-256 of the public value, the contest's name and the number of the round, a line each.

    >>> import hashlib
    >>> final_root("17 4 9", "class", 2) == hashlib.sha256(b"17 4 9\\nclass\\n2\\n").hexdigest()
    True
    """
    return hashlib.sha256(f"{value}\n{contest}\n{number}\n".encode()).hexdigest()


def open_root(secret: str) -> str:
    """The root of the seeds while a contest is open."""
    return hashlib.sha256(bytes.fromhex(secret) + b"seeds").hexdigest()


def seeds_from(root: str) -> tuple[int, ...]:
    """Five seeds in [0, 2³¹) from a root.

    >>> len(set(seeds_from(open_root("00" * 32))))
    5
    """
    digests = [hashlib.sha256(f"{root}\n{number}\n".encode()).digest() for number in range(SEEDS)]
    return tuple(int.from_bytes(digest[:4]) >> (32 - _BITS) for digest in digests)


def commit(folder: Path) -> str:
    """Draw the secret of a contest without records, keep it, and record its SHA-256; returns that.

    Raises `ContestError` where something was recorded before: entries may have been measured by then.
    """
    with writing(folder) as writer:
        if writer.past.number:
            raise ContestError(f"The records of {folder} have begun; a secret for the seeds is drawn before that.")
        secret = secrets.token_hex(32)
        add_secret(folder, secret)
        writer.append("secret", {"sha256": commitment_to(secret)})
        note_rules(writer, datetime.now(UTC))
    return commitment_to(secret)


def seeds_of(contest: Contest) -> tuple[int, ...] | None:
    """The seeds of the round now; None for the judge's published ones. Raises `ContestError` without the secret."""
    state = contest.state
    if state.final_round:
        return seeds_from(state.final_round.seed)
    if not state.secret_sha256:
        return None
    secret = read_secret(contest.folder)
    if not secret or commitment_to(secret) != state.secret_sha256:
        raise ContestError(
            "The seeds of this contest derive from the secret in the organiser's private.toml, which "
            f"{'is not here' if not secret else 'is another one here'}; measure where that file is."
        )
    return seeds_from(open_root(secret))


def begin_final_round(folder: Path, value: str, now: datetime | None = None) -> int:
    """Record the public value and begin the final round with its seeds; returns the round's number.

    The secret of the seeds before is revealed with it. With the same value again, the round continues. Raises
    `ContestError` before the closing, for a value that is no line, and where the round has begun with another value.
    """
    rules, now, value = read_rules(folder), now or datetime.now(UTC), value.strip()
    if not value or value != printable(value, 1000):
        raise ContestError("The public value must be one line of printable characters; write it as it was announced.")
    if now <= rules.time.closes:
        raise ContestError("The contest is still open; the final round takes a value announced after the closing.")
    with writing(folder) as writer:
        state = writer.state
        if state.final_round:
            if state.final_round.value == value:
                return state.final_round.round
            raise ContestError(
                f"The final round has begun with the value '{state.final_round.value}', and there is only one; to "
                "measure again for a fault, with the same seeds, use `flowleague contest rescore`."
            )
        settle(writer, now)
        body = {"value": value, "contest": rules.name, "round": state.round + 1}
        body |= {"seed": final_root(value, rules.name, state.round + 1), "secret": read_secret(folder)}
        writer.append("final-round", body, now=now)
        return state.round + 1


def described(state: State) -> str:
    """Where the seeds of the round now come from, in a sentence."""
    if state.final_round:
        return f"Seeds: of the final round, from the public value '{state.final_round.value}'."
    if state.secret_sha256:
        return f"Seeds: from the secret whose SHA-256 is {state.secret_sha256}."
    return "Seeds: the published ones, for no secret was committed to."


def faults_of(folder: Path, events: Sequence[Event]) -> Iterator[str]:
    """What does not fit in the commitments and derivations that records tell of."""
    commitments = [event for event in events if isinstance(event, Secret)]
    finals = [event for event in events if isinstance(event, FinalRound)]
    measured = [event.number for event in events if isinstance(event, Score)]
    for event in commitments:
        if event is not commitments[0]:
            yield f"Record {event.number} commits to a second secret for the seeds."
        elif measured and measured[0] < event.number:
            yield f"Record {event.number} commits to a secret after an entry was measured."
    for secret in filter(None, [read_secret(folder), *(event.secret for event in finals)]):
        if commitments and commitment_to(secret) != commitments[0].sha256:
            yield "The secret of the seeds is not the one whose SHA-256 was recorded."
    for event in finals:
        yield from _faults_of_final(event, finals[0], 1 + _rounds(events, event.number))


def _faults_of_final(event: FinalRound, first: FinalRound, number: int) -> Iterator[str]:
    if event is not first:
        yield f"Record {event.number} begins a second final round."
    if event.round != number:
        yield f"Record {event.number} calls round {number} round {event.round}."
    if event.seed != final_root(event.value, event.contest, event.round):
        yield f"Record {event.number} holds a seed that does not derive from its value, contest and round."


def _rounds(events: Sequence[Event], until: int) -> int:
    """How many rounds have begun up to a record, without the first."""
    return sum(isinstance(event, Rescore | FinalRound) and event.number <= until for event in events)
