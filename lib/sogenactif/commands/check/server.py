"""Checks of the web server, with requests like those of browsers and the payment server; and of the clock."""

import http.client
import os
import urllib.error
import urllib.request
from collections.abc import Collection
from contextlib import suppress
from datetime import datetime, timezone
from email.message import Message
from email.utils import parsedate_to_datetime
from typing import NamedTuple
from urllib.parse import urlencode, urljoin

from sogenactif.addresses import host, is_address
from sogenactif.commands.apache import shadowed_files, sites_of
from sogenactif.commands.check.findings import OK, Failed, Findings, all_well, fault, first, ok, warning
from sogenactif.commands.check.merchants import ADDRESSES, PROBE, means
from sogenactif.commands.places import KIND, ROOT
from sogenactif.commands.site import Site
from sogenactif.files import read_file
from sogenactif.protocols.paypage import key_path

# The status of each script for a request without parameters.
EXPECTED = {"call_autoresponse.py": 405, "call_request.py": 400, "call_response.py": 400}
NOT_RUN = {500: "script_fails", 403: "script_forbidden", 404: "script_not_found"}
# A post that is no response, and the status with which the kit's scripts answer it.
NO_RESPONSE, REFUSED = {"check": "sogenactif"}, 400
# The finding for a rejected post, by HTTP status.
BLOCKED_POST = {
    401: "address_asks_password",
    403: "address_refuses_posts",
    405: "address_takes_no_posts",
    407: "address_asks_password",
    429: "address_limits_posts",
}
SHOWN_SECONDS, MAX_SECONDS = 60, 300
# Limits of a request.
SECONDS = 10
MAX_BYTES = 1024 * 1024


class Reply(NamedTuple):
    """Hold the answer of a web server; ``url`` is the address after redirections."""

    status: int
    headers: Message
    body: bytes
    url: str

    def is_ours(self, status: int) -> bool:
        """Return whether a script of the kit answered a request without an order or a response, with this status."""
        return self.status == status and self.headers.get("Referrer-Policy") == "same-origin"


def ask(url: str, form: dict[str, str] | None = None, method: str | None = None) -> Reply:
    """Send a GET, or the POST of a form, and return the answer. Raises Failed if there is none."""
    data = None if form is None else urlencode(form).encode()
    try:
        request = urllib.request.Request(url, data, {"User-Agent": "sogenactif-check"}, method=method)
        try:
            reply = urllib.request.urlopen(request, timeout=SECONDS)
        except urllib.error.HTTPError as error:
            reply = error
        with reply:
            # urllib follows no redirection of a post that keeps the method.
            moved = reply.headers["Location"] if reply.status in (307, 308) else ""
            return Reply(reply.status, reply.headers, reply.read(MAX_BYTES), urljoin(reply.url, moved or ""))
    except OSError as error:
        cause = error.reason if isinstance(error, urllib.error.URLError) else error
        why = getattr(cause, "strerror", "") or str(cause)
    except (http.client.HTTPException, ValueError) as error:
        why = type(error).__name__
    raise Failed(fault("no_answer", url=url.partition("?")[0], error=why))


def scripts(site: Site) -> Findings:
    """Check that the web server runs the scripts, rather than hide them or show their source."""
    logos, sites = site.pathfile.logos, sites_of(ROOT) if KIND == "installed" else None
    for path in () if sites is None else shadowed_files(ROOT, logos, sites):
        yield warning("shop_hidden", path, logos=logos)
    if not site.url:
        return
    running = set()
    for script, expected in EXPECTED.items():
        url = f"{site.url}/cgi-bin/{script}"
        reply = ask(url)
        is_source = reply.body.lstrip().startswith(b"#!") or b"from sogenactif" in reply.body
        rules = [
            (fault, "source_served", is_source),
            (ok, "script_runs", reply.is_ours(expected)),
            (fault, NOT_RUN.get(reply.status, "script_not_run"), True),
        ]
        [finding] = first(rules, url=url, status=reply.status, expected=expected)
        running |= {url} if finding.level == OK else set()
        yield finding
    all_run = len(running) == len(EXPECTED)
    # By HEAD, which records no request; the order may not exist.
    order, url = urlencode({"order": site.order or PROBE["order_id"]}), f"{site.url}/cgi-bin/call_request.py"
    if all_run and ask(f"{url}?{order}", method="HEAD").status >= 500:
        yield fault("script_fails", url=url)
    yield from _addresses(site, running)
    yield from _configuration(site, all_run)


def served_logos(site: Site) -> Findings:
    """Check that the web server serves the logo of each means of payment."""
    if not site.url:
        return
    extension, folder = site.pathfile.logo_extension, urljoin(f"{site.url}/cgi-bin/", site.pathfile.logos)
    for name in means(site):
        if os.path.exists(f"{ROOT}/logos/{name}.{extension}") or not site.pathfile.logo_type:
            url = f"{folder}{name}.{extension}"
            reply = ask(url)
            kind = reply.headers.get_content_type()
            if reply.status != 200 or not kind.startswith("image/"):
                yield fault("logo_not_served", url=url, status=reply.status, kind=kind)
    yield all_well("logos_served", url=folder)


def clock(site: Site) -> Findings:
    """Compare this machine's clock with that of the payment server, or of the named web server."""
    for url in filter(None, [*dict.fromkeys(merchant.server for merchant in site.merchants), site.url]):
        with suppress(Failed, TypeError, ValueError):
            there = parsedate_to_datetime(ask(url, method="HEAD").headers["Date"])
            seconds = round((datetime.now(timezone.utc) - there).total_seconds())
            make = fault if abs(seconds) > MAX_SECONDS else warning if abs(seconds) > SHOWN_SECONDS else ok
            yield make("clock" if make is ok else "clock_wrong", url=url, seconds=f"{seconds:+}")
            return


def _addresses(site: Site, running: Collection[str]) -> Findings:
    """Post to each address on the shop's host that a parmcom file names, as the payment server does.

    ``running`` are those of the kit's scripts that answered a GET.
    """
    checked = set()
    for merchant in site.merchants:
        for field, keyword, script in ADDRESSES:
            url, ours = merchant.fields.get(field, ""), f"{site.url}/cgi-bin/{script}"
            is_reported = url == ours and ours not in running
            is_unsent = site.paypage and keyword == "CANCEL_URL"
            is_here = is_address(url) and host(url) == host(site.url)
            if not is_here or is_reported or is_unsent or (keyword, url) in checked:
                continue
            checked.add((keyword, url))
            (path, line), values = merchant.where(keyword), {"keyword": keyword, "url": url, "ours": ours}
            try:
                reply = ask(url, NO_RESPONSE)
            except Failed as failed:
                yield failed.finding._replace(file=path, line=line)
                continue
            rules = [
                (fault, "address_redirects", reply.url.partition("#")[0] != url.partition("#")[0]),
                (ok, "address_served", reply.is_ours(REFUSED)),
                (fault, BLOCKED_POST.get(reply.status, ""), reply.status in BLOCKED_POST),
                (fault, "address_not_served", reply.status in (404, 410) or reply.status >= 500),
                (warning, "address_unknown", True),
            ]
            [finding] = first(rules, path, line, to=reply.url, status=reply.status, **values)
            if finding.level != OK or url not in running:
                yield finding


def _configuration(site: Site, all_run: bool) -> Findings:
    """Check that the web server doesn't serve the pathfile or a secret key."""
    secret = [("pathfile", b"F_PARAM!", "configuration_served")]
    keys = [key_path(site.pathfile, merchant.id) for merchant in site.merchants if site.pathfile.paypage.key]
    for path in filter(os.path.isfile, keys):
        secret.append((os.path.basename(path), read_file(path).strip(), "key_served"))
    folders = ["", "var/conf/"]
    if KIND != "installed" or not all_run:
        # Our Apache runs every file of cgi-bin, and logs an error for a missing one.
        folders += ["cgi-bin/", "cgi-bin/sogenactif/var/conf/"]
    for folder in folders:
        for name, content, finding in secret:
            url = f"{site.url}/{folder}{name}"
            with suppress(Failed):
                if content and content in ask(url).body:
                    yield fault(finding, url=url)
