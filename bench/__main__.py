"""Run the measurements: ``bench/run [PART...] [--json FILE] [--rounds N]``."""

import argparse
import platform
import sys
from pathlib import Path

from bench import cpu_time, engines, growth, hosting, latency, startup
from bench.figures import as_json, as_text

PARTS = {
    "start": startup.measure,
    "work": cpu_time.measure,
    "hosting": hosting.measure,
    "engines": engines.measure,
    "latency": latency.measure,
    "growth": growth.measure,
}


def main() -> None:
    parser = argparse.ArgumentParser(prog="bench/run", description=__doc__)
    parser.add_argument("parts", nargs="*", metavar="PART", help=f"of {', '.join(PARTS)} (all)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the table as JSON too")
    parser.add_argument("--rounds", type=int, default=40, help="how often each is measured (%(default)s)")
    given = parser.parse_args()
    unknown = [part for part in given.parts if part not in PARTS]
    if unknown:
        parser.error(f"no part {unknown[0]}; there are {', '.join(PARTS)}")
    figures = []
    for part in given.parts or PARTS:
        for figure in PARTS[part](given.rounds):
            print(f"measured: {figure.part}: {figure.name}", file=sys.stderr)
            figures.append(figure)
    machine = f"{platform.machine()}, Python {platform.python_version()}"
    print(as_text(figures))
    if given.json:
        given.json.write_text(as_json(figures, machine))


if __name__ == "__main__":
    main()
