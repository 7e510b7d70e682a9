"""Write the tables of docs/speed.md from measured figures: ``python -m bench.tables FIGURES``.

The figures are those of ``bench/run --json``; a table stands after a comment that names its parts. A part that wasn't
measured keeps its table.
"""

import json
import re
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

PAGE = Path(__file__).parents[1] / "docs" / "speed.md"
TABLE = re.compile(r"(<!-- figures: ([a-zA-Z_ ]+) -->\n).*?(<!-- end -->)", re.DOTALL)
HEAD = ["| | beside | ratio (quartiles) | goal | medians |", "| --- | --- | --- | --- | --- |"]
GOAL = {"<=": "≤", ">=": "≥"}


def table(figures: Sequence[Mapping[str, Any]], several: bool) -> str:
    """Return the rows of figures as Markdown; ``several`` says that they are of several parts, which are named."""
    return "\n".join([*HEAD, *(_row(figure, several) for figure in figures), ""])


def _row(figure: Mapping[str, Any], several: bool) -> str:
    ratio = f"{figure['ratio']:.2f}"
    if figure["met"] is False:
        ratio = f"**{ratio}**"
    if figure["low"] != figure["high"]:
        ratio += f" ({figure['low']:.2f}–{figure['high']:.2f})"
    relation, _, bound = figure["goal"].partition(" ")
    name = f"{figure['part']}: {figure['name']}" if several else figure["name"]
    goal = f"{GOAL[relation]} {bound}" if relation else ""
    return f"| {name} | {figure['beside']} | {ratio} | {goal} | {figure['detail']} |"


def main() -> None:
    measured = json.loads(Path(sys.argv[1]).read_text())["figures"]

    def written(match: re.Match[str]) -> str:
        parts = match[2].split()
        figures = [figure for figure in measured if figure["part"] in parts]
        return match[1] + table(figures, len(parts) > 1) + match[3] if figures else match[0]

    PAGE.write_text(TABLE.sub(written, PAGE.read_text()))


if __name__ == "__main__":
    main()
