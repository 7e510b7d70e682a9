"""Checks of each merchant's certificate (Sips 1.0) and secret key (Paypage).

The one that the protocol doesn't use still verifies responses to earlier payments. If it exists,
its rights are checked.
"""

import os
from contextlib import suppress
from datetime import date, datetime, timedelta
from difflib import get_close_matches

from sogenactif.addresses import is_test_server, production_address
from sogenactif.commands.check.configuration import BYTE_ORDER_MARK
from sogenactif.commands.check.findings import OK, Findings, fault, first, ok, warning
from sogenactif.commands.check.rights import missing_rights, permissions, world_accessible
from sogenactif.commands.site import Merchant, Site
from sogenactif.errors import KitError, SecretError, SecretMissing
from sogenactif.files import read_file
from sogenactif.protocols.certificate import certificate_path, open_certificate, read_certificate
from sogenactif.protocols.paypage import key_path

SOON = timedelta(days=30)
# How long after the move to Paypage a response to a payment of Sips 1.0 may still arrive.
LAST_RESPONSES = timedelta(days=90)


def certificates(site: Site) -> Findings:
    """Check that each merchant's certificate or key exists, is theirs, valid and secret; the previous one too."""
    for merchant in site.merchants:
        for old in (False, True):
            try:
                if site.pathfile.certificates:
                    path = certificate_path(site.pathfile, merchant.country, merchant.id, old)
                    yield from _secret(site, merchant, path, old, "certificate")
                if site.pathfile.paypage.key:
                    yield from _secret(site, merchant, key_path(site.pathfile, merchant.id, old), old, "key")
            except SecretMissing as error:  # the merchant's number or country would lead out of the folder
                yield fault("kit_refuses", merchant.path, error=error)


def _secret(site: Site, merchant: Merchant, path: str, old: bool, kind: str) -> Findings:
    """Check a certificate or a key; only its rights count if the protocol doesn't use it."""
    is_used = site.paypage == (kind == "key")
    folder, name = os.path.split(path)
    if os.path.isfile(path):
        faults = [*missing_rights(site.user, path), *world_accessible(path)]
        if is_used:
            of_content = (_key if kind == "key" else _certificate)(site, merchant, path, old)
        else:
            of_content = _former(site, path, kind)
        yield from faults
        yield from (finding for finding in of_content if finding.level != OK or not faults)
    elif os.path.exists(path):
        yield fault("not_a_file", path)
    elif is_used and not old and os.path.isabs(folder) and os.path.isdir(folder):
        start = name.partition(".")[0]
        others = [other for other in os.listdir(folder) if merchant.id in other.split(".")]
        alike = [other for other in others if other.startswith(start)]
        likely = "".join(get_close_matches(name, alike, 1, 0.5))
        finding = f"{kind}_{'misnamed' if likely else 'missing'}"
        yield fault(finding, path, merchant=merchant.id, likely=likely)


def _former(site: Site, path: str, kind: str) -> Findings:
    """Warn of a bank's certificate that Paypage replaced long ago; say the rights of any other unused secret."""
    in_force = datetime.now() - datetime.fromtimestamp(os.stat(site.path).st_mtime)
    is_own = False
    with suppress(SecretError):
        is_own = kind == "certificate" and open_certificate(path).own
    if kind == "certificate" and in_force > LAST_RESPONSES and not is_own:
        yield warning("certificate_left_over", path, days=LAST_RESPONSES.days)
    else:
        yield ok(f"{kind}_former", path, **permissions(path))


def _certificate(site: Site, merchant: Merchant, path: str, old: bool) -> Findings:
    """Check the content of a certificate."""
    country, type_ = merchant.country, site.pathfile.certificate_type
    try:
        certificate = open_certificate(path)
        header, day = certificate.header, certificate.last_day
        wanted = {"merchant_id": merchant.id, "merchant_country": country, "certificate_type": type_}
        for name, value in wanted.items() if type_ or header else ():
            if header.get(name, "") != value:
                yield fault(f"another_{name}", path, wanted=value or "-", says=header.get(name) or "-")
                return
        read_certificate(site.pathfile, country, merchant.id, old)
    except KitError as error:
        if isinstance(error.__cause__, PermissionError):
            raise error.__cause__ from None
        yield fault("certificate_damaged", path, error=error)
        return
    rules = [
        (ok, "certificate_before", old),
        (warning, "expiry_unreadable", header.get("certificate_expired") and not day),
        (fault, "expired", day and day < date.today()),
        (warning, "expires_soon", day and day <= date.today() + SOON),
        (ok, "certificate_own", certificate.own),
        (ok, "certificate", True),
    ]
    days, url = (day - date.today()).days if day else 0, certificate.payment_url
    yield from first(rules, path, merchant=merchant.id, url=url, day=day, days=days, **permissions(path))


def _key(site: Site, merchant: Merchant, path: str, old: bool) -> Findings:
    """Check a secret key, whose content is never shown."""
    content, url = read_file(path), merchant.server
    lines = content.rstrip(b"\r\n").split(b"\n")
    has_mark, has_spaces = content.startswith(BYTE_ORDER_MARK), lines[0].split() != [lines[0]]
    is_published = lines[0] == f"{merchant.id}_KEY1".encode()
    rules = [
        (fault, "byte_order_mark", has_mark),
        (fault, "key_empty", not content.strip()),
        (fault, "key_lines", len(lines) > 1),
        (fault, "key_spaces", has_spaces),
        (ok, "key_before", old),
        (fault, "key_public", is_published and url and not merchant.is_trial),
        (fault, "key_in_tests", not is_published and is_test_server(url)),
        (ok, "key", True),
    ]
    values = {"count": len(lines), "url": url, "production": production_address(url), **permissions(path)}
    line = int(has_mark or (has_spaces and len(lines) == 1 and content.strip() != b""))
    yield from first(rules, path, line, merchant=merchant.id, **values)
