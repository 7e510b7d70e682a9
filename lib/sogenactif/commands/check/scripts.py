"""The shop's own part of the scripts: the merchants that it names."""

import os
import re
from collections.abc import Iterator
from glob import escape, glob

from sogenactif.commands.check.findings import Finding, fault, ok
from sogenactif.commands.check.site import Site
from sogenactif.fields import to_text
from sogenactif.files import read_file

# Those that make requests and record outcomes.
SCRIPTS = ("call_request.py", "call_autoresponse.py")
MERCHANT_ID = re.compile(r"""(["'])([0-9]{15})\1""")


def shop(site: Site) -> list[Finding]:
    """Whether each merchant that a script names has parameters, and whether both scripts name the same."""
    if not site.merchants:
        return []
    found = []
    named: dict[str, set[str]] = {}
    for script in SCRIPTS:
        path = os.path.join(site.scripts, script)
        for line, merchant in _merchants(path):
            named.setdefault(script, set()).add(merchant)
            if not glob(escape(f"{site.pathfile.merchant_parameters}.{merchant}") + "*"):
                found.append(fault("merchant_unknown", path, line, merchant=merchant))
    if len(named) == len(SCRIPTS):
        requested, recorded = (named[script] for script in SCRIPTS)
        path = os.path.join(site.scripts, SCRIPTS[1])
        for merchant in sorted(requested - recorded):
            found.append(fault("merchant_not_recorded", path, merchant=merchant))
    return found or [ok("shop", site.scripts)]


def _merchants(path: str) -> Iterator[tuple[int, str]]:
    """Yield the lines of a script that have a text of the form of a merchant_id, and that text."""
    try:
        lines = to_text(read_file(path)).split("\n")
    except (FileNotFoundError, ValueError):  # reported where the scripts are looked at
        return
    for number, line in enumerate(lines, 1):
        if not line.lstrip().startswith("#"):
            for match in MERCHANT_ID.finditer(line):
                yield number, match[2]
