"""Checks of the web server, with requests like those of browsers and the payment server; and of the clock."""

import http.client
import os
import urllib.error
import urllib.request
from collections.abc import Collection
from datetime import datetime, timezone
from email.message import Message
from email.utils import parsedate_to_datetime
from typing import NamedTuple
from urllib.parse import urlencode, urljoin

from sogenactif.addresses import host, is_address
from sogenactif.commands.check.apache import hidden, sites_of
from sogenactif.commands.check.findings import OK, Failed, Finding, fault, ok, warning
from sogenactif.commands.check.machine import paris
from sogenactif.commands.check.requests import ADDRESSES, PROBE, SCRIPT_AT, means, where
from sogenactif.commands.check.site import Site
from sogenactif.commands.places import KIND, ROOT
from sogenactif.files import read_file
from sogenactif.protocols.paypage import key_path

# The status of each script for a request without parameters.
EXPECTED = {"call_autoresponse.py": 405, "call_request.py": 400, "call_response.py": 400}
NOT_RUN = {500: "script_fails", 403: "script_forbidden", 404: "script_not_found"}
# A post that is no response, and the status with which the kit's scripts answer it.
NO_RESPONSE, REFUSED = {"check": "sogenactif"}, 400
# What keeps the posts of the payment server from a script, by status.
IN_THE_WAY = {
    401: "address_asks_password",
    403: "address_refuses_posts",
    405: "address_takes_no_posts",
    407: "address_asks_password",
    429: "address_limits_posts",
}
SHOWN_SECONDS, MOST_SECONDS = 60, 300
# Limits of a request.
SECONDS = 10
MOST_BYTES = 1024 * 1024


class Reply(NamedTuple):
    """Hold the answer of a web server; ``url`` is the address after redirections."""

    status: int
    headers: Message
    body: bytes
    url: str

    @property
    def text(self) -> str:
        return self.body.decode("utf-8", "replace")


def ask(url: str, form: dict[str, str] | None = None, method: str | None = None) -> Reply:
    """Send a GET, or the POST of a form, and return the answer. Raises Failed if there is none."""
    data = None if form is None else urlencode(form).encode()
    try:
        request = urllib.request.Request(url, data, {"User-Agent": "sogenactif-check"}, method=method)
        with urllib.request.urlopen(request, timeout=SECONDS) as reply:
            return Reply(reply.status, reply.headers, reply.read(MOST_BYTES), reply.url)
    except urllib.error.HTTPError as error:
        with error:
            # urllib follows no redirection of a post that keeps the method.
            to = urljoin(url, error.headers["Location"] or "") if error.code in (307, 308) else error.url
            return Reply(error.code, error.headers, error.read(MOST_BYTES), to or url)
    except urllib.error.URLError as error:
        reason = str(getattr(error.reason, "strerror", "") or error.reason)
    except OSError as error:
        reason = str(error)
    except (http.client.HTTPException, ValueError) as error:
        reason = type(error).__name__
    raise Failed(fault("no_answer", url=url.partition("?")[0], error=reason))


def scripts(site: Site) -> list[Finding]:
    """Check that the web server runs the scripts, rather than hide them or show their source."""
    found = _hidden(site)
    if not site.url:
        return found
    answers = [_script(f"{site.url}/cgi-bin/{script}", script) for script in EXPECTED]
    found += answers
    running = {str(finding.values["url"]) for finding in answers if finding.level == OK}
    runs = all(finding.level == OK for finding in answers)
    if runs:
        found += _form(site)
    found += _addresses(site, running)
    found += _configuration(site, runs)
    return found


def logos(site: Site) -> list[Finding]:
    """Check that the web server serves the logo of each means of payment."""
    if not site.url:
        return []
    found = []
    extension, folder = site.pathfile.logo_extension, site.pathfile.logos
    if not folder.startswith(("http://", "https://", "/")):
        folder = "/cgi-bin/" + folder
    for name in means(site):
        if site.pathfile.logo_type and not os.path.exists(f"{ROOT}/logos/{name}.{extension}"):
            continue
        url = f"{'' if folder.startswith('http') else site.url}{folder}{name}.{extension}"
        reply = ask(url)
        if reply.status != 200 or not reply.headers.get_content_type().startswith("image/"):
            kind = reply.headers.get_content_type()
            found.append(fault("logo_not_served", url=url, status=reply.status, kind=kind))
    return found or [ok("logos_served", url=f"{site.url}{site.pathfile.logos}")]


def clock(site: Site) -> list[Finding]:
    """Compare this machine's clock with that of the payment server, or of the named web server."""
    found = paris()
    servers = dict.fromkeys(map(site.payment_address, site.merchants))
    for url in filter(None, [*servers, site.url]):
        try:
            there = parsedate_to_datetime(ask(url, method="HEAD").headers["Date"])
        except (Failed, TypeError, ValueError):
            continue
        seconds = round((datetime.now(timezone.utc) - there).total_seconds())
        if abs(seconds) > SHOWN_SECONDS:
            level = fault if abs(seconds) > MOST_SECONDS else warning
            found.append(level("clock_wrong", url=url, seconds=f"{seconds:+}"))
        else:
            found.append(ok("clock", url=url, seconds=f"{seconds:+}"))
        break
    return found


def _hidden(site: Site) -> list[Finding]:
    """Check that Apache serves the kit in place of nothing of the shop's own."""
    sites = sites_of(ROOT) if KIND == "installed" else None
    if sites is None:
        return []
    return [
        warning("shop_hidden", path, logos=site.pathfile.logos)
        for path in hidden(ROOT, site.pathfile.logos, sites)
    ]


def _script(url: str, script: str) -> Finding:
    reply = ask(url)
    if reply.body.lstrip().startswith(b"#!") or b"from sogenactif" in reply.body:
        return fault("source_served", url=url)
    if _is_ours(reply, EXPECTED[script]):
        return ok("script_runs", url=url, status=reply.status)
    name = NOT_RUN.get(reply.status, "script_not_run")
    return fault(name, url=url, status=reply.status, expected=EXPECTED[script])


def _is_ours(reply: Reply, status: int) -> bool:
    """Return whether a script of the kit answered, with this status, a request without an order or a response."""
    return reply.status == status and reply.headers.get("Referrer-Policy") == "same-origin"


def _addresses(site: Site, running: Collection[str]) -> list[Finding]:
    """Check the addresses that parmcom files name, if they are at the shop's host.

    ``running`` are those of the kit's scripts that answered a GET.
    """
    wanted: dict[tuple[str, str], tuple[str, int]] = {}
    for merchant in site.merchants:
        for name, keyword in ADDRESSES.items():
            url = merchant.fields.get(name, "")
            own = f"{site.url}/cgi-bin/{SCRIPT_AT[keyword]}"
            is_reported = url == own and own not in running
            unsent = site.paypage and keyword == "CANCEL_URL"
            if is_address(url) and host(url) == host(site.url) and not is_reported and not unsent:
                wanted.setdefault((keyword, url), where(site, merchant, keyword))
    found = [_address(site, keyword, url, *place) for (keyword, url), place in wanted.items()]
    return [finding for finding in found if finding.level != OK or finding.values["url"] not in running]


def _address(site: Site, keyword: str, url: str, path: str, line: int) -> Finding:
    """Check by POST, as the payment server sends, an address that a parmcom file names."""
    script = SCRIPT_AT[keyword]
    values = {"keyword": keyword, "url": url, "ours": f"{site.url}/cgi-bin/{script}"}
    try:
        reply = ask(url, NO_RESPONSE)
    except Failed as failed:
        return failed.finding._replace(file=path, line=line)
    if reply.url.partition("#")[0] != url.partition("#")[0]:
        return fault("address_redirects", path, line, to=reply.url, **values)
    if _is_ours(reply, REFUSED):
        return ok("address_served", path, line, status=reply.status, **values)
    if reply.status in IN_THE_WAY:
        return fault(IN_THE_WAY[reply.status], path, line, status=reply.status, keyword=keyword, url=url)
    if reply.status in (404, 410) or reply.status >= 500:
        return fault("address_not_served", path, line, status=reply.status, **values)
    return warning("address_unknown", path, line, status=reply.status, **values)


def _form(site: Site) -> list[Finding]:
    """Check the page of an order, which may not exist, by HEAD: that records no request."""
    url = f"{site.url}/cgi-bin/call_request.py"
    reply = ask(f"{url}?{urlencode({'order': site.order or PROBE['order_id']})}", method="HEAD")
    return [fault("script_fails", url=url)] if reply.status >= 500 else []


def _configuration(site: Site, runs: bool) -> list[Finding]:
    """Check that the web server doesn't serve the pathfile or a secret key."""
    shown = [("pathfile", b"F_PARAM!", "configuration_served")]
    if site.pathfile.paypage.key:
        for path in (key_path(site.pathfile, merchant.id) for merchant in site.merchants):
            if os.path.isfile(path):
                shown.append((os.path.basename(path), read_file(path).strip(), "key_served"))
    found = []
    folders = ["", "var/conf/"]
    if KIND != "installed" or not runs:
        # Our Apache runs every file of cgi-bin, and logs an error for a missing one.
        folders += ["cgi-bin/", "cgi-bin/sogenactif/var/conf/"]
    for folder in folders:
        for name, content, finding in shown:
            url = f"{site.url}/{folder}{name}"
            try:
                body = ask(url).body
            except Failed:
                continue
            if content and content in body:
                found.append(fault(finding, url=url))
    return found
