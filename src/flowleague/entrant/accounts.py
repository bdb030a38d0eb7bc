"""Do the numbers add up? What an entry says of its parameters, against its weight files and what its process holds."""

from collections.abc import Mapping, Sequence

from flowleague.entrant.model import EntrantFinding, WeightFile

SLACK = 1024  # numbers that nobody asks about: batch statistics, time grids, normalisation
SHARE = 1.05


def account(
    files: Sequence[WeightFile], censuses: Sequence[Mapping[str, object]]
) -> tuple[int | None, int | None, tuple[EntrantFinding, ...]]:
    """The contest's count of parameters, the numbers held, and findings about what the contest's count leaves out.

    `censuses` are the `parameters` and `held` of each worker, in an entrant's own words; anything else in them is
    taken for unknown. The largest count is believed. (Files against what is held: the judge compares.)
    """
    said, held = ([_count(census.get(key)) for census in censuses] for key in ("parameters", "held"))
    known = [count for count in said if count is not None]
    parameters = max(known, default=None)
    alive = max((count for count in held if count is not None), default=None)
    numbers = max(sum(file.numbers for file in files), alive or 0)
    findings = []
    if known and min(known) != max(known):
        sentence = f"The entry counts {min(known):,} parameters in one process and {max(known):,} in another."
        findings.append(EntrantFinding("parameters_differ", sentence, "Build the same networks every time."))
    if parameters is not None and numbers > SHARE * parameters + SLACK:
        sentence = f"The entry counts {parameters:,} parameters, but there are {numbers:,} numbers in its tensors."
        hint = "Make every number that the model uses a parameter of vae or flow_model; leave out what it does not use."
        findings.append(EntrantFinding("numbers_beside_parameters", sentence, hint))
    return parameters, alive, tuple(findings)


def _count(value: object) -> int | None:
    return value if isinstance(value, int) and 0 <= value < 2**53 else None
