"""Output of the findings, for a person or as JSON."""

import json
import os
import shlex
import sys
from collections.abc import Sequence

from sogenactif.commands.check.findings import FAULT, OK, WARNING, Finding
from sogenactif.commands.places import ROOT
from sogenactif.commands.texts import Text, findings, printable, say

COLOURS = {OK: "32", WARNING: "33", FAULT: "1;31"}

# The findings of each check, by its name, in the order in which they were made.
Results = list[tuple[str, list[Finding]]]


def count(results: Results, level: str) -> int:
    """Return the number of findings of a level."""
    return sum(finding.level == level for _, found in results for finding in found)


def print_findings(results: Results, skipped: Sequence[str], quiet: bool, server_asked: bool) -> None:
    """Print findings under the heading of their check; if ``quiet``, faults and warnings only."""
    coloured = sys.stdout.isatty() and not os.environ.get("NO_COLOR")
    for name, found in results:
        shown = [finding for finding in found if not quiet or finding.level != OK]
        if shown:
            print(say(f"check_{name}"))
        for finding in shown:
            saw, do = _text(finding)
            if finding.file:
                place = "place" if finding.line else "place_file"
                saw = say(place, file=finding.file, line=finding.line, saw=saw)
            word = f"{say(f'level_{finding.level}'):9}"
            print(f"  {_colour(word, COLOURS[finding.level], coloured)} {saw}")
            if do:
                print(f"            → {do}")
    levels = {"faults": FAULT, "warnings": WARNING, "well": OK}
    print(say("summary", **{name: count(results, level) for name, level in levels.items()}))
    if skipped and not quiet:
        print(say("skipped", names=", ".join(say(f"check_{name}") for name in skipped)))
        if not server_asked:
            print(say("skipped_url"))


def print_json(results: Results, skipped: Sequence[str], quiet: bool) -> None:
    """Print findings as one JSON object; if ``quiet``, faults and warnings only."""
    rows = []
    for name, found in results:
        for finding in found:
            if quiet and finding.level == OK:
                continue
            saw, do = _text(finding)
            rows.append(
                {
                    "check": name,
                    "level": finding.level,
                    "name": finding.name,
                    "file": printable(finding.file),
                    "line": finding.line,
                    "saw": saw,
                    "do": do,
                }
            )
    faults, warnings = count(results, FAULT), count(results, WARNING)
    answer = {
        "level": FAULT if faults else WARNING if warnings else OK,
        "faults": faults,
        "warnings": warnings,
        "skipped": skipped,
        "findings": rows,
    }
    print(json.dumps(answer, indent=2, ensure_ascii=True))


def _text(finding: Finding) -> Text:
    """Return what a finding saw and what to do, on one line each."""
    saw, do = findings()[finding.name]
    paths = {"file": shlex.quote(finding.file), "errors": f"{ROOT}/docs/errors.md", "kit": shlex.quote(ROOT)}
    return Text(printable(saw.format(**finding.values)), printable(do.format(**paths, **finding.values)))


def _colour(word: str, colour: str, coloured: bool) -> str:
    return f"\033[{colour}m{word}\033[0m" if coloured else word
