"""The command that lists the shipped models."""


def models() -> None:
    """List the models that come with the package, with figures from their scorecards."""
    from rich.console import Console
    from rich.table import Table

    from flowleague import shipped
    from flowleague.bundle.read import read_bundle
    from flowleague.cli.tables import value_and_error
    from flowleague.scorecard.card import read_scorecard
    from flowleague.text import number

    table = Table(title="Shipped models: flowleague score NAME, flowleague generate NAME --out samples.png")
    table.add_column("", style="bold")
    rows: dict[str, list[str]] = {}
    for name in shipped.names():
        table.add_column(name, justify="right")
        bundle, card = read_bundle(shipped.bundle(name)), read_scorecard(shipped.scorecard(name))
        found, training = card.metrics(), bundle.card["training"]["seconds"]
        confidence = found["quality.confidence"]
        cells = {
            "parameters with buffers": number(found["efficiency.tensors_total"].value or 0),
            "MSE, first 256": number(found["reconstruction.mse"].detail["first_256"] or 0),
            "SSIM, first 256": number(found["reconstruction.ssim"].detail["first_256"] or 0),
            "confidence": f"{value_and_error(confidence)} (real {number(confidence.reference or 0)})",
            "entropy": value_and_error(found["quality.entropy"]),
            "Fréchet distance": value_and_error(found["quality.frechet"]),
            "class KL": value_and_error(found["diversity.class_divergence"]),
            "evaluations per sample": number(found["efficiency.nfe"].value or 0),
            "trained in": f"{number(round(sum(training.values()) / 60))} min",
            "on": f"{bundle.card['hardware']['name']}, {bundle.card['hardware']['threads']} threads",
            "SHA-256 of the weights": " ".join(f"{digest[:8]}…" for digest in bundle.sha256.values()),
            "trained by": f"flowleague train {bundle.recipe.name} --seed {bundle.recipe.seed}",
        }
        for row, cell in cells.items():
            rows.setdefault(row, []).append(cell)
    for row, row_cells in rows.items():
        table.add_row(row, *row_cells)
    Console().print(table)
    print("Every figure is from the scorecard that came with the model; flowleague score NAME measures it again.")
