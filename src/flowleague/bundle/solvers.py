"""Explicit Runge-Kutta methods as data: the one place where a solver of dx/dt = v(x, t) is added.

    k_i = v(x + h sum_j a_ij k_j, t + h sum_j a_ij)         x' = x + h sum_i b_i k_i

Coefficients are whole numbers over one unit a row, because sums of whole multiples of the k_i round the same wherever
they are computed. Hairer, Norsett & Wanner, Solving Ordinary Differential Equations I, section II.1.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Row:
    """A row of a tableau: sum_j weights_j k_j / unit, where missing weights are zero."""

    weights: tuple[int, ...] = ()
    unit: int = 1

    @property
    def coefficients(self) -> list[float]:
        """The row as floats."""
        return [weight / self.unit for weight in self.weights]


@dataclass(frozen=True)
class Tableau:
    """A method: what a sentence calls it, its order, a row a_i for each stage, the first without weights, and b."""

    title: str
    order: int
    stages: tuple[Row, ...]
    end: Row

    @property
    def evaluations(self) -> int:
        """Evaluations of v in one step."""
        return len(self.stages)


BACKWARD_STEPS = 12  # of a solver, from an image's x_1 to its latent, where the flow is cut

SOLVERS: dict[str, Tableau] = {
    "euler": Tableau("Euler's method", 1, (Row(),), Row((1,))),
    "midpoint": Tableau("the midpoint method", 2, (Row(), Row((1,), 2)), Row((0, 1))),
    "heun": Tableau("Heun's method", 2, (Row(), Row((1,))), Row((1, 1), 2)),
    "rk4": Tableau(
        "the classical Runge-Kutta method",
        4,
        (Row(), Row((1,), 2), Row((0, 1), 2), Row((0, 0, 1))),
        Row((1, 2, 2, 1), 6),
    ),
}
