"""Checks of the templates, which a shop may edit."""

from traceback import extract_tb

from jinja2 import TemplateSyntaxError

from sogenactif.commands.check.findings import Finding, fault, ok
from sogenactif.commands.check.requests import probes
from sogenactif.commands.check.rights import refused
from sogenactif.commands.check.site import Site
from sogenactif.files import read_file
from sogenactif.pages import ENVIRONMENT, TEMPLATES, form, page, report
from sogenactif.payment import PaymentResponse

NAMES = (
    "base.html",
    "call_request.html",
    "call_response.html",
    "debug.html",
    "error.html",
    "form.html",
    "means.html",
    "paid.html",
    "style.css",
)


def templates(site: Site) -> list[Finding]:
    """Check that each template exists, may be read and is well formed; then, that pages can be made of them."""
    found = [finding for name in NAMES for finding in _template(site, name)]
    return found or _made(site) or [ok("templates", TEMPLATES)]


def _template(site: Site, name: str) -> list[Finding]:
    path = f"{TEMPLATES}/{name}"
    try:
        found = refused(site.user, path)
        if found:
            return found
        ENVIRONMENT.compile(read_file(path).decode(), name, path)
    except FileNotFoundError:
        return [fault("template_missing", path)]
    except UnicodeDecodeError as error:
        return [fault("not_utf8", path, error.object[: error.start].count(b"\n") + 1)]
    except TemplateSyntaxError as error:
        return [fault("template_syntax", path, error.lineno, error=error.message)]
    return []


def _made(site: Site) -> list[Finding]:
    """Make each page for a customer of the first merchant whose requests can be made."""
    for _, request in probes(site):
        response = PaymentResponse({**request.fields, "response_code": "00"})
        try:
            debug = report("", [("", {"": ""})])
            page("error.html", "en", "", name="failed", incident="")
            page("paid.html", "en", "", order="")
            request_values = {"fields": request.fields, "lines": [("", 1)], "schedule": (), "choice": True}
            request_values |= {"under_way": "waiting"}
            page("call_request.html", "en", "", report=debug, form=form(request), **request_values)
            response_values = {"state": "accepted", "response": response, "reason": "", "schedule": ()}
            page("call_response.html", "en", "", report=debug, next_page="", retry_page="", **response_values)
        except Exception as error:
            lines = [at for at in extract_tb(error.__traceback__) if at.filename.startswith(TEMPLATES)]
            if not lines:
                raise
            why = f"{type(error).__name__}: {error}"
            return [fault("template_fails", lines[-1].filename, lines[-1].lineno or 0, error=why)]
        break
    return []
