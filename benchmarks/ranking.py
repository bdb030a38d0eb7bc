"""How fast the league ranks, how much memory it takes, and whether its intervals hold what they promise.

    python benchmarks/ranking.py speed
    python benchmarks/ranking.py large [TEAMS]
    python benchmarks/ranking.py calibration [TEAMS ...]

speed        1,000 teams with 10 entries each: the newest of each team are ranked, with intervals, groups and
             sensitivity; then 250 to 4,000 teams.
large        100,000 teams, or as many as are given, ranked with intervals and groups: processor seconds and memory.
calibration  fields of 8, 30 and 200 teams, or of as many as are given, with known truth. Every metric of the
             catalogue that ranks: true values are correlated between and within categories, as a good team is good at
             many things; they are normal, or a third of the field is ten times as spread out, or there are two crowds
             far apart. What training and weight files report is exact; the rest has noise, of which a fifth of the
             variance is common to all entries (equal seeds), and a standard error from five repeats. noise: its
             typical ratio to the spread of the true values of a crowd; at 2 all are near-ties.
             Compared are, from the same one measurement:
             ours
             plain       drawing around the measured values with the measured errors
             oracle      knows the noise (true standard errors, normal, which part is common) and the law of the true
                         values of each metric; the exact posterior, metric by metric
             omniscient  knows besides how the true values of all metrics go together
             held: share of true places in the interval; width: its last place less its first, in percent of the field.
"""

import resource
import sys
import time
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from flowleague.ranking.field import Entry, Measured, field
from flowleague.ranking.intervals import CHUNK, DRAWS, TAIL, certainties
from flowleague.ranking.rank import places, rank, ranks
from flowleague.ranking.rules import CategoryRule, MetricRule
from flowleague.ranking.schemes import Table, table
from flowleague.ranking.sensitivity import sensitivity
from flowleague.scorecard.metrics import CATEGORIES

RULES = tuple(
    CategoryRule(kind.name, tuple(MetricRule(m.name, m.direction) for m in kind.metrics if m.direction != "shown"))
    for kind in CATEGORIES
)
BY = table(RULES)
M = len(BY.metrics)
SIGNS = np.array([1.0 if direction == "lower" else -1.0 for direction in BY.directions])
EXACT = np.array([n.split(".")[0] in ("efficiency", "training_performance") for n in BY.metrics])
EXACT[BY.metrics.index("efficiency.time_ratio")] = False
SAME = BY.member[:, None] == BY.member
COVARIANCE = 0.3 + 0.3 * SAME + 0.4 * np.eye(M)  # of true values: skill, category, metric
FEWER = 400  # draws for what ours is compared with
COMMON = 0.2  # share of the noise's variance that equal seeds give to all entries
RATIOS = (0.1, 0.5, 2.0)  # typical noise over spread of the true values; the last one makes near-ties
KINDS = {"normal": (0.0, 0.0, 1.0), "a third spread": (0.33, 10.0, 10.0), "two crowds": (0.5, 20.0, 1.0)}


def entries_of(values: NDArray, errors: NDArray, ids: list[str]) -> list[Entry]:
    """Entries from costs (n, M) and standard errors (n, M)."""
    return [
        Entry(name, name, {m: Measured(float(v), float(e)) for m, v, e in zip(BY.metrics, row, error, strict=True)})
        for name, row, error in zip(ids, values * SIGNS, errors, strict=True)
    ]


def teams(n: int, each: int, rng: np.random.Generator) -> list[Entry]:
    """Entries of so many teams, each with its skill; what is not exact has an error of 0.1."""
    skill = rng.standard_normal((n, 1))
    entries = []
    for turn in range(each):
        values = 5 + skill + rng.standard_normal((n, M))
        entries += entries_of(values, np.where(EXACT, 0, 0.1) * np.ones((n, 1)), [f"{i}-{turn}" for i in range(n)])
    return entries


def peak_mib() -> float:
    """The most memory that this process has held."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def large(n: int) -> None:
    entries = teams(n, 1, np.random.default_rng(0))
    start, held = time.process_time(), peak_mib()
    standings = rank(entries, RULES)
    ranked, rows = time.process_time(), peak_mib()
    sure = certainties(standings)
    print(
        f"{n:,} teams, {M} metrics of which {(~EXACT).sum()} have noise, {DRAWS:,} draws. Processor: places "
        f"{ranked - start:.1f} s, intervals and groups {time.process_time() - ranked:.1f} s. Memory: the entries "
        f"{held:.0f} MB, with places {rows:.0f} MB, at most {peak_mib():.0f} MB. "
        f"{max(one.group for one in sure.values()):,} groups"
    )


def speed() -> None:
    rng = np.random.default_rng(0)
    entries = teams(1000, 10, rng)
    start = time.perf_counter()
    newest = {entry.team.split("-")[0]: entry for entry in entries}
    standings = rank(newest.values(), RULES)
    ranked = time.perf_counter()
    certainties(standings)
    sure = time.perf_counter()
    changes = sensitivity(standings)
    done = time.perf_counter()
    print(
        f"1,000 teams with 10 entries, {M} metrics, {DRAWS:,} draws: places {ranked - start:.2f} s, intervals "
        f"and groups {sure - ranked:.2f} s, sensitivity {done - sure:.2f} s ({len(changes)} changes); "
        f"peak memory {peak_mib():.0f} MB, torch {'loaded' if 'torch' in sys.modules else 'not loaded'}"
    )
    for n in (250, 500, 1000, 2000, 4000):
        standings = rank(field := teams(n, 1, rng), RULES)
        turns = []
        for _ in range(3):
            start = time.perf_counter()
            certainties(rank(field, RULES))
            turns.append(time.perf_counter() - start)
        print(
            f"{n:>5} teams: {min(turns):6.2f} s (best of 3)   {1e6 * min(turns) / (n * np.log2(n)):6.1f} µs / n log2 n"
        )


def quantiles(sample: Callable[[int], NDArray], marks: NDArray, by: Table) -> tuple[NDArray, NDArray]:
    """The 95 % interval of each place over draws of true costs, which `sample` gives as (k, n, M)."""
    drawn = [
        places((by.weights[:, None] * ranks(np.moveaxis(sample(CHUNK), 2, 1))).sum(1), marks)
        for _ in range(FEWER // CHUNK)
    ]
    low, high = np.quantile(np.concatenate(drawn), [TAIL, 1 - TAIL], axis=0, method="inverted_cdf")
    return low, high


def one_field(n: int, ratio: float, kind: str, rng: np.random.Generator) -> dict[str, NDArray]:
    """One simulated field: for each method whether the true place is held and how wide the interval is, (2, n)."""
    share, away, stretch = KINDS[kind]
    apart = rng.random((n, 1)) < share
    centre, scale = np.where(apart, away, 0.0), np.where(apart, stretch, 1.0)
    truth = centre + scale * rng.multivariate_normal(np.zeros(M), COVARIANCE, n)
    sigma = ratio * np.exp(0.7 * rng.standard_normal(M)) * np.exp(0.3 * rng.standard_normal((n, M))) * ~EXACT
    common, own = rng.standard_normal((1, M)), rng.standard_normal((n, M))
    seen = truth + sigma * (np.sqrt(COMMON) * common + np.sqrt(1 - COMMON) * own)
    error = sigma * np.sqrt(rng.chisquare(4, (n, M)) / 4)

    names = [str(i) for i in range(n)]
    true_place = {row.entry.id: row.place for row in rank(entries_of(truth, 0 * error, names), RULES).rows}
    place = np.array([true_place[name] for name in names])
    measured = entries_of(seen, error, names)
    sure = certainties(rank(measured, RULES))
    marks = field(measured, BY).marks
    told, noise = seen - sigma * np.sqrt(COMMON) * common, sigma * np.sqrt(1 - COMMON)
    gain = scale**2 / (scale**2 + noise**2)
    mean, root = exact_posterior(told, noise, centre, scale)
    found = {
        "ours": (np.array([sure[name].low for name in names]), np.array([sure[name].high for name in names])),
        "plain": quantiles(lambda k: seen + error * rng.standard_normal((k, n, M)), marks, BY),
        "oracle": quantiles(
            lambda k: centre + gain * (told - centre) + np.sqrt(gain) * noise * rng.standard_normal((k, n, M)),
            marks,
            BY,
        ),
        "omniscient": quantiles(
            lambda k: mean + np.einsum("nab,knb->kna", root, rng.standard_normal((k, n, M)), optimize=True), marks, BY
        ),
    }
    return {
        method: np.stack([(low <= place) & (place <= high), high - low]).astype(float)
        for method, (low, high) in found.items()
    }


def exact_posterior(seen: NDArray, sigma: NDArray, centre: NDArray, scale: NDArray) -> tuple[NDArray, NDArray]:
    """Mean (n, M) and root of the covariance (n, M, M) of normal true values given one measurement of each."""
    prior = scale[:, :, None] ** 2 * COVARIANCE
    gain = prior @ np.linalg.inv(prior + sigma[:, :, None] ** 2 * np.eye(M))
    mean = centre + np.einsum("nab,nb->na", gain, seen - centre)
    values, vectors = np.linalg.eigh(prior - gain @ prior)
    return mean, vectors * np.sqrt(np.maximum(values, 0))[:, None, :]


def calibration(sizes: list[int]) -> None:
    rng = np.random.default_rng(7)
    gathered: dict[float, list[dict[str, NDArray]]] = {ratio: [] for ratio in RATIOS}
    print(f"{'':<33}| {'held by the interval':^31} | {'width, % of the field':^27} | ratio of widths")
    heads = "   ours  plain oracle  omnis. |   ours  oracle    omnisc. | /oracle /omnisc."
    print(f"true values    teams noise fields |{heads}")
    for kind in KINDS:
        for n in sizes:
            for ratio in RATIOS:
                found = [one_field(n, ratio, kind, rng) for _ in range(max(1, 400 // n))]
                report(f"{kind:<14} {n:>5} {ratio:>5} {len(found):>6}", found)
                gathered[ratio] += found
    for ratio, found in gathered.items():
        report(f"{'all of these':<20} {ratio:>5} {len(found):>6}", found)
    clear = [field for ratio in RATIOS[:-1] for field in gathered[ratio]]
    report(f"{'all but the near-ties':<26} {len(clear):>6}", clear)
    report(f"{'everything':<26} {len(clear + gathered[RATIOS[-1]]):>6}", clear + gathered[RATIOS[-1]])


def report(head: str, fields: list[dict[str, NDArray]]) -> None:
    """One line, in which every field counts the same, whatever its size."""
    held = {m: np.mean([field[m][0].mean() for field in fields]) for m in fields[0]}
    width = {m: np.mean([field[m][1].mean() / field[m].shape[1] for field in fields]) for m in fields[0]}
    shares = " ".join(f"{held[m]:>6.1%}" for m in held)
    widths = " ".join(f"{width[m]:>8.1%}" for m in ("ours", "oracle", "omniscient"))
    ratios = " ".join(f"{width['ours'] / width[m]:>7.2f}" for m in ("oracle", "omniscient"))
    print(f"{head} | {shares}    | {widths}  | {ratios}", flush=True)


if __name__ == "__main__":
    if sys.argv[1:2] == ["speed"]:
        speed()
    elif sys.argv[1:2] == ["large"]:
        large(int(sys.argv[2]) if len(sys.argv) > 2 else 100_000)
    elif sys.argv[1:2] == ["calibration"]:
        calibration([int(n) for n in sys.argv[2:]] or [8, 30, 200])
    else:
        sys.exit(__doc__)
