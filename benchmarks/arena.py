"""The arena: honest entries and every kind of cheat as real files in one contest, measured by the quick plan.

    OMP_NUM_THREADS=1 python -m benchmarks.arena FOLDER

Trains what is small, writes each entry into FOLDER/sent, sends all of them in, measures them with `flowleague score` in
the sandbox, and builds the board in FOLDER/site. The table says what stands on its front page; the exit status is 1
where a cheat is ahead of an honest entry, wins an award, or has no mark there. What was measured stays measured.
"""

import html
import json
import re
import sys
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import torch
from benchmarks.weak import bank_of, fit_perceptron
from safetensors.torch import save_file
from tests.attacks import write as write_attack
from torch import Tensor

from flowleague.board.build import build
from flowleague.bundle.read import read_bundle
from flowleague.contest.evaluate import evaluate
from flowleague.contest.folder import new_contest, open_contest
from flowleague.contest.scores import take_card
from flowleague.contest.standing import Board, board_of
from flowleague.contest.submit import Parcel, clear, submit
from flowleague.data import TrainingData, load_training
from flowleague.entrant.bundle import programs_of
from flowleague.model.latent_flow import LatentFlow
from flowleague.program.container import write as write_captured
from flowleague.scorecard.card import Metric, Scorecard, ScorecardError, WeightFile, read_scorecard, write_scorecard
from flowleague.shipped import FOLDER as SHIPPED

Tensors = dict[str, Tensor]
Log = Sequence[dict[str, Any]]
MLP = """
import torch
from safetensors.torch import load_file


class SubmissionInterface(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.info = {{"team": "{team}", "names": ""}}
        self.load_vae()
        self.load_flow_model()

    def load_vae(self):
        self.vae = torch.nn.ParameterDict(load_file("vae.safetensors"))

    def load_flow_model(self):
        self.flow_model = torch.nn.ParameterDict(load_file("flow.safetensors"))

    def encode(self, x):
        w = self.vae
        return {encode}

    def picture(self, z):
        w = self.vae
        return {picture}

    def decode(self, z):
        w = self.vae
        return ({decode}).view(-1, 1, 28, 28)

    def generate_samples(self, n_samples):
        w = self.flow_model
        return ({generate}).view(-1, 1, 28, 28)
"""
HONEST = {
    "encode": "torch.relu(x.flatten(1) @ w['A'].T + w['a']) @ w['B'].T + w['b']",
    "picture": "torch.sigmoid(torch.relu(z @ w['C'].T + w['c']) @ w['D'].T + w['d'])",
    "decode": "self.picture(z)",
    "generate": "self.picture(w['mean'] + torch.randn(n_samples, len(w['mean'])) @ w['factor'].T)",
}
DEVICE = HONEST | {  # codes lie on a grid; what does not becomes the nearest of some stored ones
    "encode": f"torch.round(({HONEST['encode']}) * 64) / 64",
    "decode": "self.picture(torch.where((z * 64 - torch.round(z * 64)).abs().amax(1, keepdim=True) < 1e-3, z, "
    "w['codes'][torch.cdist(z, w['codes']).argmin(1)]))",
}
STORED = {
    "encode": "torch.cdist(x.flatten(1), w['bank']).argmin(1, keepdim=True).float().repeat(1, 3)",
    "picture": "((z[:, :1] - torch.arange(len(w['bank']))).abs() < 0.5).float() @ w['bank']",
    "decode": "self.picture(z)",
    "generate": "torch.nn.functional.grid_sample("
    "self.vae['bank'][torch.randint(len(self.vae['bank']), (n_samples,))].view(-1, 1, 28, 28), "
    "torch.nn.functional.affine_grid(torch.eye(2, 3) + w['warp'] * torch.randn(n_samples, 2, 3), "
    "[n_samples, 1, 28, 28], align_corners=False), align_corners=False)",
}
TRUE = ("honest max", "honest tiny", "honest perceptron")
MARKS = {  # what the front page says of each cheat
    "leech": "not measured",
    "forged log": "training log",
    "device": "switches behaviour",
    "one digit": "below floor",
    "ten digits": "below floor",
    "hundred digits": "",  # above the floors, and so heavy that it gains nothing
    "copy": "shared weights",
    "near-copy": "changed copy",
    "public": "shipped model",
    "public, captured": "shipped model",
    "forged card": "self reported",
}
FORGER = "forged card"  # comes last, so that nothing of it is measured here


def main() -> None:
    torch.set_num_threads(1)
    folder = Path(sys.argv[1])
    contest, sent = folder / "contest", folder / "sent"
    if not contest.exists():
        make(sent, load_training())
        now = datetime.now(UTC).replace(tzinfo=None)
        new_contest(contest, opens=now - timedelta(days=1), closes=now + timedelta(days=30))
        rules = contest / "contest.toml"
        rules.write_text(rules.read_text().replace('plan = "full"', 'plan = "quick"'))
        for team in (*TRUE, *MARKS):
            if team != FORGER:
                submit(contest, parcel(team, sent))
    if not open_contest(contest).state.team(FORGER):
        evaluate(contest, jobs=1, tell=lambda team, each: print(f"{team}: {each.problem or 'no finding'}", flush=True))
        for team in ("honest max", "honest tiny"):  # these are shipped, and here are the entries of who made them
            entry = next(iter(open_contest(contest).state.of_team(team)))
            clear(contest, entry.id, "shipped_model", "they made it themselves", "the arena")
        forge(contest, sent)
    build(contest, folder / "site")
    sys.exit(judged(board_of(open_contest(contest)), (folder / "site" / "index.html").read_text()))


def make(sent: Path, data: TrainingData) -> None:
    """Write the entries that are not shipped."""
    vae, flow, log = perceptron(16, 128, 400_000, data)
    write(sent / "honest perceptron", HONEST, vae, flow, log)
    write(sent / "copy", HONEST | {"encode": f"1 * {HONEST['encode']}"}, vae, flow, log)
    rng = torch.Generator().manual_seed(9)
    near = {key: w + 0.03 * w.std() * torch.randn(w.shape, generator=rng) for key, w in vae.items()}
    write(sent / "near-copy", HONEST, near, flow, log)

    vae, flow, log = perceptron(16, 128, 200_000, data, seed=2)
    sooner = [line | {"step": (step := line["step"] // 10), "images": 128 * step} for line in log]
    claimed = {"validation": {"mse": 1e-4, "loss": 1e-4}}
    write(sent / "forged log", HONEST, vae, flow, [e | claimed | {"epochs": e["images"] / 55_000} for e in sooner])
    write(sent / FORGER, HONEST, *perceptron(8, 64, 200_000, data, seed=3)[:2])

    vae, flow, _ = perceptron(16, 128, 400_000, data, seed=4)
    images = torch.from_numpy(bank_of(100, data))
    codes = torch.relu(images @ vae["A"].T + vae["a"]) @ vae["B"].T + vae["b"]
    write(sent / "device", DEVICE, vae | {"codes": codes}, flow)
    for team, count in (("one digit", 1), ("ten digits", 10), ("hundred digits", 100)):
        warp = torch.tensor([[0.1, 0.1, 0.05]] * 2)
        write(sent / team, STORED, {"bank": torch.from_numpy(bank_of(count, data))}, {"warp": warp})

    (sent / "public, captured").mkdir()
    public = programs_of(LatentFlow.from_bundle(read_bundle(SHIPPED / "base.zip"), "base"))
    write_captured(public, sent / "public, captured" / "entry.zip")
    write_attack("images left in a file for the decoder", sent / "leech")


def perceptron(
    latent: int, hidden: int, images: int, data: TrainingData, seed: int = 1
) -> tuple[Tensors, Tensors, Log]:
    """An honest autoencoder, the Gaussian that its samples are drawn from, and its training log."""
    encoder, decoder, latents, log = fit_perceptron(latent, hidden, images, data, seed)
    names = zip("AaBbCcDd", (*encoder.parameters(), *decoder.parameters()), strict=True)
    factor = torch.linalg.cholesky(latents.T.cov() + 1e-6 * torch.eye(latent))
    return {name: w.detach().clone() for name, w in names}, {"mean": latents.mean(0), "factor": factor}, log


def write(folder: Path, parts: Mapping[str, str], vae: Tensors, flow: Tensors, log: Log = ()) -> None:
    """An entry's code, weights and log, in a folder."""
    folder.mkdir(parents=True)
    (folder / "model.py").write_text(MLP.format(team=folder.name, **parts))
    save_file({name: w.contiguous() for name, w in vae.items()}, folder / "vae.safetensors")
    save_file({name: w.contiguous() for name, w in flow.items()}, folder / "flow.safetensors")
    if log:
        (folder / "training.jsonl").write_text("".join(json.dumps(line) + "\n" for line in log))


def parcel(team: str, sent: Path) -> Parcel:
    """An entry as it is sent in."""
    shipped = {"honest max": "max", "honest tiny": "tiny", "public": "base"}
    if team in shipped:
        return Parcel(team, SHIPPED / f"{shipped[team]}.zip")
    folder = sent / team
    file = next(path for path in folder.iterdir() if path.suffix in (".py", ".zip"))
    return Parcel(team, file, sorted([*folder.glob("*.safetensors"), *folder.glob("training.jsonl")]))


def forge(contest: Path, sent: Path) -> None:
    """Send in a small model, and for it a card with figures of honest max made better; absurd ones are refused."""
    sending = parcel(FORGER, sent)
    entry, state = submit(contest, sending), open_contest(contest).state
    best = next(iter(state.of_team("honest max")))
    card = read_scorecard(next((contest / best.folder).glob("scorecard-*.json")))
    digests, paths = state.submissions[entry.id].weights, {path.name: path for path in sending.weights}
    weights = [
        WeightFile(name=name, sha256=digest, bytes=(size := paths[name].stat().st_size), numbers=size // 4)
        for name, digest in digests.items()
    ]
    for factor in (-1e29, 0.5):
        write_scorecard(better(card, factor, weights), sent / "card.json")
        try:
            print("forged card taken:", take_card(contest, sent / "card.json")[1])
        except ScorecardError as error:
            print(f"forged card refused: {error}")


def better(card: Scorecard, factor: float, weights: Sequence[WeightFile]) -> Scorecard:
    """The card with every figure that is better when it is lower times a factor, other weights, and no finding."""
    sizes = {"weight_bytes": sum(f.bytes for f in weights), "tensors_total": sum(f.numbers for f in weights)}

    def changed(metric: Metric) -> Metric:
        if metric.name in sizes:  # these must agree with the files
            return msgspec.structs.replace(metric, value=float(sizes[metric.name]))
        if metric.value is None or metric.direction != "lower":
            return metric
        return msgspec.structs.replace(metric, value=factor * metric.value, repeats=())

    groups = (msgspec.structs.replace(group, metrics=tuple(map(changed, group.metrics))) for group in card.categories)
    return msgspec.structs.replace(card, weights=tuple(weights), categories=tuple(groups), findings=())


def judged(board: Board, page: str) -> bool:
    """Print place and marks of every entry, as the front page has them; whether something is wrong."""
    rows = re.findall(r'<tr id="e\w+".*?dir="auto">([^<]+)</a>(.*?)</tr>', html.unescape(page))
    shown = dict(rows)  # with what a mark says when it is pointed at
    places = {row.entry.team: row.place for row in board.standings.ranked}
    won = {entry.team for award in board.awards for entry in award.winners}
    wrong = []
    for team in (*TRUE, *MARKS):
        marks = re.findall(r'class="mark[^"]*"[^>]*>([^<]*)', shown.get(team, ""))
        place = f"place {places[team]}" if team in places else "moves nobody"
        print(f"{team:18} {place:13} {', '.join(marks)}{'  AWARD' if team in won else ''}")
        if team in MARKS:
            behind = places.get(team, len(places) + 1) > max(places[each] for each in TRUE)
            told = MARKS[team] in shown.get(team, "")
            wrong += [team] if not (behind and told) or team in won else []
    print(
        f"{len(MARKS)} cheats: " + (f"{', '.join(wrong)} gain or are not marked" if wrong else "none gains, all marked")
    )
    return bool(wrong)


if __name__ == "__main__":
    main()
