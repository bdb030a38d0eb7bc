"""Do the numbers add up? What an entry says of its parameters, against its weight files and what its process holds."""

from collections.abc import Mapping, Sequence

from flowleague.entrant.model import EntrantFinding, WeightFile

SLACK = 1024  # numbers that nobody asks about: batch statistics, time grids, normalisation
SHARE = 1.05


def account(
    files: Sequence[WeightFile], censuses: Sequence[Mapping[str, object]]
) -> tuple[int | None, int | None, tuple[EntrantFinding, ...]]:
    """The contest's count of parameters, the numbers held, and a finding for each kind of number that it leaves out.

    `censuses` are the `parameters` and `held` of each worker, in an entrant's own words; anything else in them is
    taken for unknown. The largest count is believed.
    """
    said, held = ([_count(census.get(key)) for census in censuses] for key in ("parameters", "held"))
    known = [count for count in said if count is not None]
    parameters = max(known, default=None)
    alive = max((count for count in held if count is not None), default=None)
    stored = sum(file.numbers for file in files)
    findings = []
    if known and min(known) != max(known):
        sentence = f"The entry counts {min(known):,} parameters in one process and {max(known):,} in another."
        findings.append(EntrantFinding("parameters_differ", sentence, "Build the same networks every time."))
    if parameters is not None and exceeds(max(alive or 0, stored), parameters):
        where = "its weight files hold" if stored >= (alive or 0) else "it holds when running"
        sentence = f"The entry counts {parameters:,} parameters, but {where} {max(alive or 0, stored):,} numbers."
        hint = "Make every number that the model uses a parameter of vae or flow_model; leave out what it does not use."
        findings.append(EntrantFinding("numbers_beside_parameters", sentence, hint))
    if alive is not None and exceeds(alive, stored):
        sentence = f"The entry holds {alive:,} numbers when running, but its weight files hold {stored:,}."
        hint = "Load all numbers from safetensors files: none from the source, and none made while loading."
        findings.append(EntrantFinding("numbers_beside_files", sentence, hint))
    return parameters, alive, tuple(findings)


def exceeds(numbers: int, accounted: int) -> bool:
    """Whether there are clearly more numbers than are accounted for."""
    return numbers > SHARE * accounted + SLACK


def _count(value: object) -> int | None:
    return value if isinstance(value, int) and 0 <= value < 2**53 else None
