"""Checks of the shop's own part of the scripts: the merchants that it names, and the form of an order."""

import importlib.util
import os
import re
import subprocess
from collections.abc import Iterator
from contextlib import suppress
from glob import escape, glob

from sogenactif.commands.check.findings import Finding, fault, ok
from sogenactif.commands.check.machine import interpreter_of
from sogenactif.commands.check.requests import PROBE, probe, probes
from sogenactif.commands.check.site import Site
from sogenactif.commands.places import ROOT
from sogenactif.configuration import read_pathfile
from sogenactif.fields import to_text
from sogenactif.files import read_file
from sogenactif.pages import form

# The scripts that make requests and record outcomes.
SCRIPTS = ("call_request.py", "call_autoresponse.py")
# Run by the interpreter of the scripts, as the web server's user.
PROGRAM = (
    "import sys; sys.path[:0] = sys.argv[1:3]\n"
    "from sogenactif.commands.check.scripts import show_forms\n"
    "show_forms(*sys.argv[3:])"
)
MARK = "sogenactif-check:"
SECONDS = 60
MERCHANT_ID = re.compile(r"""(["'])([0-9]{15})\1""")


def shop(site: Site) -> list[Finding]:
    """Check that each merchant that a script names has parameters, and that both scripts name the same."""
    if not site.merchants:
        return []
    findings = []
    named: dict[str, set[str]] = {}
    for script in SCRIPTS:
        path = os.path.join(site.scripts, script)
        for line, merchant in _merchants(path):
            named.setdefault(script, set()).add(merchant)
            if not glob(escape(f"{site.pathfile.merchant_parameters}.{merchant}") + "*"):
                findings.append(fault("merchant_unknown", path, line, merchant=merchant))
    if len(named) == len(SCRIPTS):
        requested, recorded = (named[script] for script in SCRIPTS)
        path = os.path.join(site.scripts, SCRIPTS[1])
        for merchant in sorted(requested - recorded):
            findings.append(fault("merchant_not_recorded", path, merchant=merchant))
    return findings + _forms(site) or [ok("shop", site.scripts)]


def show_forms(script: str, pathfile: str, *merchants: str) -> None:
    """Make an order of the shop and the form of each merchant (country.merchant_id), as for a customer.

    Nothing is recorded. The first failure is printed: the merchant, the error's type and its message.
    """
    step = ""
    try:
        spec = importlib.util.spec_from_file_location("call_request", script)
        assert spec and spec.loader
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        if hasattr(module, "order_to_pay"):
            # A shop may raise LookupError for an order that it doesn't know.
            with suppress(LookupError):
                module.order_to_pay(PROBE["order_id"])
        for merchant in merchants:
            step = merchant
            form(probe(read_pathfile(pathfile), *merchant.rsplit(".", 1)))
    except (Exception, SystemExit) as error:
        print(f"{MARK}{step}:{type(error).__name__}: {ascii(str(error))[1:-1]:.200}")


def _forms(site: Site) -> list[Finding]:
    """Check that a form can be shown, as the web server's user if the current user may act for it."""
    path = os.path.join(site.scripts, SCRIPTS[0])
    user = site.user
    if os.geteuid() not in (0, user.uid):
        return []
    try:
        source = read_file(path)
        command = interpreter_of(source)
        compile(source, path, "exec")
    except (OSError, ValueError, SyntaxError):  # reported by the check of the scripts
        return []
    if not command:
        return []
    merchants = [f"{merchant.country}.{merchant.id}" for merchant, _ in probes(site)]
    # Only root may switch; any other current user is the web server's already.
    switch = os.geteuid() != user.uid
    try:
        answer = subprocess.run(
            [*command, "-c", PROGRAM, f"{ROOT}/lib", f"{ROOT}/lib/packages", path, site.path, *merchants],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, errors="replace",
            check=False, timeout=SECONDS, cwd="/", env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"}, user=user.uid if switch else None, group=user.gid if switch else None, extra_groups=sorted(user.groups) if switch else None,
        ).stdout  # fmt: skip
    except subprocess.TimeoutExpired:
        return [fault("order_fails", path, error="TimeoutExpired")]
    except OSError as error:
        return [fault("no_interpreter", path, 1, command=f"{' '.join(command)} ({error.strerror})")]
    for line in answer.splitlines():
        if line.startswith(MARK):
            merchant, _, reason = line.removeprefix(MARK).partition(":")
            if merchant:
                return [fault("form_fails", path, merchant=merchant.partition(".")[2], error=reason)]
            return [fault("order_fails", path, error=reason)]
    return []


def _merchants(path: str) -> Iterator[tuple[int, str]]:
    """Yield the lines of a script that have a text of the form of a merchant_id, and that text."""
    try:
        lines = to_text(read_file(path)).split("\n")
    except (FileNotFoundError, ValueError):  # reported by the check of the scripts
        return
    for number, line in enumerate(lines, 1):
        if not line.lstrip().startswith("#"):
            for match in MERCHANT_ID.finditer(line):
                yield number, match[2]
