"""Checks of what a shop may edit: the templates, and its own part of the scripts.

That part has to name the merchants of the parmcom files, and to lead to the form of an order.
"""

import os
import re
import subprocess
from collections.abc import Iterator
from contextlib import suppress
from glob import escape, glob
from traceback import extract_tb
from typing import Any

from jinja2 import TemplateSyntaxError

from sogenactif.commands.check.findings import Findings, all_well, fault
from sogenactif.commands.check.machine import interpreter_of
from sogenactif.commands.check.merchants import PROBE, probe, probes
from sogenactif.commands.check.rights import groups_of, missing_rights
from sogenactif.commands.functions import load_script, plain
from sogenactif.commands.places import ROOT
from sogenactif.commands.site import Site
from sogenactif.configuration import Pathfile, read_pathfile
from sogenactif.fields import to_text
from sogenactif.files import read_file
from sogenactif.pages import (
    ENVIRONMENT,
    TEMPLATES,
    error_page,
    form,
    paid_page,
    report,
    request_page,
    response_page,
)
from sogenactif.payment import PaymentRequest, PaymentResponse

PAGES = ("base", "call_request", "call_response", "debug", "error", "form", "means", "paid")
NAMES = (*(f"{page}.html" for page in PAGES), "style.css")
# The scripts that make requests and record outcomes.
WITH_MERCHANTS = ("call_request.py", "call_autoresponse.py")
# Run by the interpreter of the scripts, as the web server's user.
PROGRAM = (
    "import sys; sys.path[:0] = sys.argv[1:3]\n"
    "from sogenactif.commands.check.shop import show_forms\n"
    "show_forms(*sys.argv[3:])"
)
MARK = "sogenactif-check:"
SECONDS = 60
MERCHANT_ID = re.compile(r"""(["'])([0-9]{15})\1""")


def templates(site: Site) -> Findings:
    """Check that each template exists, may be read and is well formed; then, that pages can be made of them."""
    faults = [finding for name in NAMES for finding in _template(site, f"{TEMPLATES}/{name}")]
    yield from faults
    for _, request in () if faults else probes(site):
        try:
            _make_pages(request, site.pathfile)
        except Exception as error:
            lines = [at for at in extract_tb(error.__traceback__) if at.filename.startswith(TEMPLATES)]
            if not lines:
                raise
            why = f"{type(error).__name__}: {error}"
            yield fault("template_fails", lines[-1].filename, lines[-1].lineno or 0, error=why)
        break
    yield all_well("templates", TEMPLATES)


def shop(site: Site) -> Findings:
    """Check that each merchant that a script names has parameters, and that both scripts name the same.

    Then, that the form of an order can be shown.
    """
    if not site.merchants:
        return
    named: dict[str, set[str]] = {script: set() for script in WITH_MERCHANTS}
    for script in WITH_MERCHANTS:
        path = os.path.join(site.scripts, script)
        for line, merchant in _merchants(path):
            named[script].add(merchant)
            if not glob(escape(f"{site.pathfile.merchant_parameters}.{merchant}") + "*"):
                yield fault("merchant_unknown", path, line, merchant=merchant)
    requested, recorded = named.values()
    for merchant in sorted(requested - recorded) if recorded else ():
        yield fault("merchant_not_recorded", os.path.join(site.scripts, WITH_MERCHANTS[1]), merchant=merchant)
    yield from _forms(site)
    yield all_well("shop", site.scripts)


def show_forms(script: str, pathfile: str, *merchants: str) -> None:
    """Make an order of the shop and the form of each merchant (country.merchant_id), as for a customer.

    Nothing is recorded. The first failure is printed: the merchant, the error's type and its message.
    """
    step = ""
    try:
        module = load_script(script)
        if hasattr(module, "order_to_pay"):
            # A shop may raise LookupError for an order that it doesn't know.
            with suppress(LookupError):
                module.order_to_pay(PROBE["order_id"])
        for merchant in merchants:
            step = merchant
            settings = read_pathfile(pathfile)
            form(probe(settings, *merchant.rsplit(".", 1)), settings)
    except (Exception, SystemExit) as error:
        print(f"{MARK}{step}:{plain(error)}")


def _template(site: Site, path: str) -> Findings:
    try:
        closed = list(missing_rights(site.user, path))
        yield from closed
        if not closed:
            ENVIRONMENT.compile(read_file(path).decode(), os.path.basename(path), path)
    except FileNotFoundError:
        yield fault("template_missing", path)
    except UnicodeDecodeError as error:
        yield fault("not_utf8", path, error.object[: error.start].count(b"\n") + 1)
    except TemplateSyntaxError as error:
        yield fault("template_syntax", path, error.lineno, error=error.message)


def _make_pages(request: PaymentRequest, pathfile: Pathfile) -> None:
    """Make each page for a customer."""
    debug, response = report("", [("", {"": ""})]), PaymentResponse({**request.fields, "response_code": "00"})
    error_page("failed", "", "en", pathfile)
    paid_page("", "en", pathfile)
    request_page(request, pathfile, lines=[("", 1)], schedule=(), under_way="waiting", report=debug)
    response_page(
        response, pathfile, language="en", state="accepted", reason="", schedule=(), next_page="", retry_page="", report=debug,
    )  # fmt: skip


def _forms(site: Site) -> Findings:
    """Check that a form can be shown, as the web server's user if the current user may act for it."""
    path, user = os.path.join(site.scripts, "call_request.py"), site.user
    command: list[str] = []
    # Only root may switch; any other current user has to be the web server's already.
    switch = os.geteuid() != user.pw_uid
    with suppress(OSError, ValueError):  # reported by the check of the scripts
        command = interpreter_of(read_file(path))
    if not command or (switch and os.geteuid() != 0):
        return
    merchants = [f"{merchant.country}.{merchant.id}" for merchant, _ in probes(site)]
    rights: dict[str, Any] = {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": groups_of(user)}
    try:
        answer = subprocess.run(
            [*command, "-c", PROGRAM, f"{ROOT}/lib", f"{ROOT}/lib/packages", path, site.path, *merchants],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, errors="replace",
            check=False, timeout=SECONDS, cwd="/", env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"}, **(rights if switch else {}),
        ).stdout  # fmt: skip
    except subprocess.TimeoutExpired:
        yield fault("order_fails", path, error="TimeoutExpired")
    except OSError as error:
        yield fault("no_interpreter", path, 1, command=f"{' '.join(command)} ({error.strerror})")
    else:
        failure = next((line for line in answer.splitlines() if line.startswith(MARK)), "")
        merchant, _, reason = failure.removeprefix(MARK).partition(":")
        if merchant:
            yield fault("form_fails", path, merchant=merchant.partition(".")[2], error=reason)
        elif failure:
            yield fault("order_fails", path, error=reason)


def _merchants(path: str) -> Iterator[tuple[int, str]]:
    """Yield the lines of a script that have a text of the form of a merchant_id, and that text."""
    with suppress(FileNotFoundError, ValueError):  # reported by the check of the scripts
        for number, line in enumerate(to_text(read_file(path)).split("\n"), 1):
            if not line.lstrip().startswith("#"):
                yield from ((number, match[2]) for match in MERCHANT_ID.finditer(line))
