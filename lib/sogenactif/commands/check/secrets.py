"""Checks of each merchant's certificate (Sips 1.0) and secret key (Paypage).

The one that the protocol doesn't use still verifies responses to earlier payments. If it exists,
its rights are checked.
"""

import os
from datetime import date, datetime, timedelta
from difflib import get_close_matches

from sogenactif.addresses import is_for_tests, production_address
from sogenactif.commands.check.configuration import BYTE_ORDER_MARK
from sogenactif.commands.check.findings import OK, Finding, fault, ok, warning
from sogenactif.commands.check.rights import described, open_to_all, refused
from sogenactif.commands.check.site import Merchant, Site
from sogenactif.errors import KitError, SecretError, SecretMissing
from sogenactif.files import read_file
from sogenactif.protocols.certificate import certificate_path, open_certificate, read_certificate
from sogenactif.protocols.paypage import key_path

SOON = timedelta(days=30)
# How long after the move to Paypage a response to a payment of Sips 1.0 may still arrive.
LAST_RESPONSES = timedelta(days=90)


def secrets(site: Site) -> list[Finding]:
    """Check that each merchant's certificate or key exists, is theirs, valid and secret; the previous one too."""
    found = []
    for merchant in site.merchants:
        for old in (False, True):
            try:
                if site.pathfile.certificates:
                    path = certificate_path(site.pathfile, merchant.country, merchant.id, old)
                    found += _secret(site, merchant, path, old, "certificate")
                if site.pathfile.paypage.key:
                    found += _secret(site, merchant, key_path(site.pathfile, merchant.id, old), old, "key")
            except SecretMissing as error:  # the merchant's number or country would lead out of the folder
                found.append(fault("kit_refuses", merchant.path, error=error))
    return found


def _secret(site: Site, merchant: Merchant, path: str, old: bool, kind: str) -> list[Finding]:
    """Return the findings on a certificate or a key; only its rights count if the protocol doesn't use it."""
    seals = site.paypage == (kind == "key")
    if not os.path.exists(path):
        return _missing(merchant, path, kind) if seals and not old else []
    if not os.path.isfile(path):
        return [fault("not_a_file", path)]
    found = refused(site.user, path)
    if open_to_all(path):
        found.append(fault("open_to_all", path, **described(path)))
    if seals:
        found += (_key if kind == "key" else _certificate)(site, merchant, path, old)
    elif kind == "certificate" and _is_left_over(site, path):
        found.append(warning("certificate_left_over", path, days=LAST_RESPONSES.days))
    else:
        found.append(ok(f"{kind}_former", path, **described(path)))
    return [finding for finding in found if finding.level != OK] or found


def _is_left_over(site: Site, path: str) -> bool:
    """Return whether a bank's certificate lies beside a pathfile of Paypage that is in force for long."""
    try:
        own = open_certificate(path).own
    except SecretError:
        own = False
    moved = datetime.fromtimestamp(os.stat(site.path).st_mtime)
    return not own and datetime.now() - moved > LAST_RESPONSES


def _missing(merchant: Merchant, path: str, kind: str) -> list[Finding]:
    """Return the finding on a missing secret, with a likely file; none if its folder is wrong, which is reported."""
    folder, name = os.path.split(path)
    if not os.path.isabs(folder) or not os.path.isdir(folder):
        return []
    start = name.partition(".")[0]
    alike = [file for file in os.listdir(folder) if merchant.id in file.split(".") and file.startswith(start)]
    likely = get_close_matches(name, alike, 1, 0.5)
    if likely:
        return [fault(f"{kind}_misnamed", path, merchant=merchant.id, likely=likely[0])]
    return [fault(f"{kind}_missing", path, merchant=merchant.id)]


def _certificate(site: Site, merchant: Merchant, path: str, old: bool) -> list[Finding]:
    """Return the findings on the content of a certificate."""
    try:
        certificate = open_certificate(path)
    except SecretError as error:
        if isinstance(error.__cause__, PermissionError):
            raise error.__cause__ from None
        return [fault("certificate_damaged", path, error=error)]
    wanted = {
        "merchant_id": merchant.id,
        "merchant_country": merchant.country,
        "certificate_type": site.pathfile.certificate_type,
    }
    wrong = [name for name in wanted if certificate.header.get(name, "") != wanted[name]]
    if wrong and (site.pathfile.certificate_type or certificate.header):
        name = wrong[0]
        says = certificate.header.get(name, "") or "-"
        return [fault(f"another_{name}", path, wanted=wanted[name] or "-", says=says)]
    try:
        read_certificate(site.pathfile, merchant.country, merchant.id, old)
    except KitError as error:
        return [fault("certificate_damaged", path, error=error)]
    name = "certificate_before" if old else "certificate_own" if certificate.own else "certificate"
    well = ok(name, path, merchant=merchant.id, url=certificate.payment_url, **described(path))
    return [well] if old else [well, *_expiry(path, certificate.header.get("certificate_expired", ""))]


def _expiry(path: str, day: str) -> list[Finding]:
    try:
        last = datetime.strptime(day, "%Y%m%d").date()
    except ValueError:
        return [warning("expiry_unreadable", path)] if day else []
    if last < date.today():
        return [fault("expired", path, day=last)]
    if last - date.today() <= SOON:
        return [warning("expires_soon", path, day=last, days=(last - date.today()).days)]
    return []


def _key(site: Site, merchant: Merchant, path: str, old: bool) -> list[Finding]:
    """Return the findings on a secret key, whose content is never shown."""
    content = read_file(path)
    lines = content.rstrip(b"\r\n").split(b"\n")
    if content.startswith(BYTE_ORDER_MARK):
        return [fault("byte_order_mark", path, 1)]
    if not content.strip():
        return [fault("key_empty", path)]
    if len(lines) > 1:
        return [fault("key_lines", path, count=len(lines))]
    if lines[0].split() != [lines[0]]:
        return [fault("key_spaces", path, 1)]
    if not old:
        url = site.payment_address(merchant)
        is_public = lines[0] == f"{merchant.id}_KEY1".encode()
        if is_public and url and not site.is_trial(merchant):
            return [fault("key_public", path, url=url)]
        if not is_public and is_for_tests(url):
            return [fault("key_in_tests", path, url=url, production=production_address(url))]
    return [ok("key_before" if old else "key", path, merchant=merchant.id, **described(path))]
