"""Measured ratios, and their table as text and as JSON."""

import json
import statistics
from collections.abc import Iterable, Sequence
from typing import NamedTuple


class Figure(NamedTuple):
    """Hold a ratio of two measurements: the median over the rounds, with its quartiles.

    ``goal`` is a bound, ``<= 1.25`` for instance; empty for a figure that only explains another.
    """

    part: str
    name: str
    beside: str
    ratio: float
    low: float
    high: float
    goal: str
    detail: str

    @property
    def met(self) -> bool | None:
        """Return whether the goal is met, None if there is none."""
        if not self.goal:
            return None
        relation, bound = self.goal.split()
        return self.ratio <= float(bound) if relation == "<=" else self.ratio >= float(bound)


def compare(
    part: str,
    name: str,
    beside: str,
    ours: Sequence[float],
    theirs: Sequence[float],
    goal: str = "",
    unit: str = "ms",
) -> Figure:
    """Return the figure of two series that were measured alternately, round by round."""
    ratios = [mine / other for mine, other in zip(ours, theirs, strict=True)]
    low, middle, high = statistics.quantiles(ratios, n=4) if len(ratios) > 1 else ratios * 3
    scale = 1000 if unit == "ms" else 1
    our_median, their_median = (_short(statistics.median(series) * scale) for series in (ours, theirs))
    detail = f"{our_median} {unit} beside {their_median}"
    return Figure(part, name, beside, middle, low, high, goal, detail)


def _short(value: float) -> str:
    return f"{value:.4g}" if round(value) < 10_000 else f"{value:.0f}"


def as_text(figures: Iterable[Figure]) -> str:
    """Return the table as text, a line for each figure."""
    rows = [("", "beside", "ratio", "quartiles", "goal", "", "median")]
    rows += [
        (
            f"{figure.part}: {figure.name}",
            figure.beside,
            f"{figure.ratio:.2f}",
            f"{figure.low:.2f}-{figure.high:.2f}",
            figure.goal,
            {True: "met", False: "MISSED", None: ""}[figure.met],
            figure.detail,
        )
        for figure in figures
    ]
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows
    )


def as_json(figures: Iterable[Figure], machine: str) -> str:
    """Return the figures as JSON."""
    entries = [{**figure._asdict(), "met": figure.met} for figure in figures]
    return json.dumps({"machine": machine, "figures": entries}, indent=2) + "\n"
