"""Findings of the checks, and how they are printed."""

import json
import os
import shlex
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any, NamedTuple

from sogenactif.commands.places import ROOT
from sogenactif.commands.texts import findings as texts
from sogenactif.commands.texts import printable, say

OK, WARNING, FAULT = "ok", "warning", "fault"
COLOURS = {OK: "32", WARNING: "33", FAULT: "1;31"}


# Findings that explain order_fails and form_fails.
ROOT_CAUSES = {
    "not_allowed", "not_entered", "not_readable", "not_writable", "code_closed", "user_unknown", "template_missing",
    "template_syntax", "template_fails", "not_utf8",
}  # fmt: skip


class Finding(NamedTuple):
    """Hold a finding: its level, its name in the tables of texts, and the values of the text.

    ``file`` and ``line`` (from 1) are set if it is about a file. ``of_check`` marks an ``ok`` about all that a check
    looks at: it counts only if the check finds nothing else.
    """

    level: str
    of_check: bool
    name: str
    file: str
    line: int
    values: Mapping[str, object]


Findings = Iterator[Finding]
# The findings of each check, by its name, in the order in which they were made.
Results = dict[str, list[Finding]]


class Failed(Exception):
    """End a check with one finding: nothing further can be checked."""

    def __init__(self, finding: Finding) -> None:
        super().__init__(finding.name)
        self.finding = finding


def _make(level: str, of_check: bool, name: str, file: str = "", line: int = 0, **values: Any) -> Finding:
    return Finding(level, of_check, name, file, line, values)


ok, all_well = partial(_make, OK, False), partial(_make, OK, True)
# Payments work, but something will go wrong or is not as it should be.
warning = partial(_make, WARNING, False)
# Payments fail, or a secret is readable by others.
fault = partial(_make, FAULT, False)
Rule = tuple[Callable[..., Finding], str, object]


def first(rules: Sequence[Rule], file: str = "", line: int = 0, **values: Any) -> Findings:
    """Yield the finding of the first rule that applies: its maker, its name, and whether it applies."""
    for make, name, applies in rules:
        if applies:
            yield make(name, file, line, **values)
            return


def without_consequences(everything: Results) -> Results:
    """Return each finding once, without those that follow from others or that others contradict."""
    names = {finding.name for findings in everything.values() for finding in findings}
    unwritable = {f.file for findings in everything.values() for f in findings if f.name == "not_writable"}
    broken = {f.file for findings in everything.values() for f in findings if f.name == "script_syntax"}
    results: Results = {check: [] for check in everything}
    for check, findings in everything.items():
        is_bad = any(finding.level != OK for finding in findings)
        for finding in findings:
            _, of_check, name, file, _, _ = finding
            follows = (
                (name in ("order_fails", "form_fails") and not names.isdisjoint(ROOT_CAUSES))
                or (name == "order_fails" and file in broken)
                or (name in ("not_entered", "not_readable") and file in unwritable)
                or (of_check and is_bad)
            )
            if not follows and not any(finding in shown for shown in results.values()):
                results[check].append(finding)
    return results


def print_findings(results: Results, levels: Mapping[str, int], skipped: Sequence[str], quiet: bool) -> None:
    """Print findings under the heading of their check; if ``quiet``, faults and warnings only."""
    if hasattr(sys.stdout, "reconfigure"):
        sys.stdout.reconfigure(errors="replace")
    coloured = sys.stdout.isatty() and not os.environ.get("NO_COLOR")
    headings = set()
    for row in _rows(results, quiet):
        if row["check"] not in headings:
            headings.add(row["check"])
            print(say(f"check_{row['check']}"))
        word, saw = f"{say('level_' + row['level']):9}", row["saw"]
        if row["file"]:
            saw = say("place" if row["line"] else "place_file", file=row["file"], line=row["line"], saw=saw)
        print(f"  \033[{COLOURS[row['level']]}m{word}\033[0m {saw}" if coloured else f"  {word} {saw}")
        if row["do"]:
            print(f"            → {row['do']}")
    print(say("summary", faults=levels[FAULT], warnings=levels[WARNING], well=levels[OK]))
    if skipped and not quiet:
        print(say("skipped", names=", ".join(say(f"check_{name}") for name in skipped)))


def print_json(results: Results, levels: Mapping[str, int], skipped: Sequence[str], quiet: bool) -> None:
    """Print findings as one JSON object; if ``quiet``, faults and warnings only."""
    worst = next((level for level in (FAULT, WARNING) if levels[level]), OK)
    answer = {"level": worst, "faults": levels[FAULT], "warnings": levels[WARNING], "skipped": skipped}
    print(json.dumps({**answer, "findings": _rows(results, quiet)}, indent=2, ensure_ascii=True))


def _rows(results: Results, quiet: bool) -> list[dict[str, Any]]:
    """Return the findings as JSON has them, with what each saw and what to do, on one line each."""
    rows = []
    for check, findings in results.items():
        for level, _, name, file, line, values in findings:
            if quiet and level == OK:
                continue
            saw, do = texts()[name]
            paths = {"file": shlex.quote(file), "errors": f"{ROOT}/docs/errors.md", "kit": shlex.quote(ROOT)}
            words = {"file": file, "saw": saw.format(**values), "do": do.format(**paths, **values)}
            words = {key: printable(text) for key, text in words.items()}
            rows.append({"check": check, "level": level, "name": name, "line": line, **words})
    return rows
