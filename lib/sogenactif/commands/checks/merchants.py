"""What each merchant has: a certificate, a request that can be sealed, addresses, logos."""

import ipaddress
import os
import re
from datetime import date, datetime, timedelta
from difflib import get_close_matches
from urllib.parse import urlsplit

from sogenactif.certificate import open_certificate, read_certificate
from sogenactif.commands.checks.files import line_of
from sogenactif.commands.checks.finding import Finding, fault, ok, warning
from sogenactif.commands.checks.rights import READ, described, may, open_to_all
from sogenactif.commands.checks.site import Merchant, Site
from sogenactif.errors import CertificateError, KitError
from sogenactif.message import open_request
from sogenactif.payment import PaymentRequest, make_request

SOON = timedelta(days=30)
ADDRESS = re.compile(r"https?://[^\s/?#]+([/?#][\x21-\x7e]*)?", re.ASCII)
ADDRESSES = {
    "normal_return_url": "RETURN_URL",
    "cancel_return_url": "CANCEL_URL",
    "automatic_response_url": "AUTO_RESPONSE_URL",
}
PROBE = {"amount": "100", "order_id": "check"}


def certificates(site: Site) -> list[Finding]:
    """The certificate of each merchant, and the one before it: there, its own, in force, and kept secret."""
    if not site.pathfile or not site.pathfile["F_CERTIFICATE"]:
        return []
    found = []
    for merchant in site.merchants:
        path, old = (site.certificate_path(merchant, old) for old in (False, True))
        if not os.path.exists(path):
            found.append(_missing(site, merchant, path))
        else:
            found += _certificate(site, merchant, path)
        if os.path.exists(old):
            found += _certificate(site, merchant, old, old=True)
    return found


def requests(site: Site) -> list[Finding]:
    """A payment request of each merchant, made as for a customer, and its seal opened again."""
    found = []
    for merchant in site.merchants:
        certificate = site.certificate(merchant)
        if not site.pathfile or not certificate:
            continue
        try:
            fields = open_request(_probe(site, merchant).data, site.pathfile)[0]
            if fields["order_id"] != PROBE["order_id"]:
                raise KitError("order_id")
            found.append(ok("sealed", merchant=merchant.id))
        except KitError as error:
            found.append(fault("request_refused", merchant.path, merchant=merchant.id, error=error.logged))
    return found


def addresses(site: Site) -> list[Finding]:
    """Where customers come back to, and where the bank's server calls."""
    found = []
    for merchant in site.merchants:
        certificate = site.certificate(merchant)
        local_server = certificate is not None and is_local(certificate.payment_url)
        for name, keyword in ADDRESSES.items():
            url = merchant.fields.get(name, "")
            path, line = _where(site, merchant, keyword)
            if not url:
                found.append(warning("address_absent", merchant.path, keyword=keyword))
            elif not _is_address(url):
                found.append(fault("address_malformed", path, line, keyword=keyword, url=url))
            elif is_local(url) and not local_server:
                found.append(fault("address_local", path, line, keyword=keyword, url=url))
            elif url.startswith("http:") and not local_server:
                found.append(warning("address_in_clear", path, line, keyword=keyword, url=url))
            else:
                found.append(ok("address", path, line, keyword=keyword, url=url))
    return found


def logos(site: Site) -> list[Finding]:
    """A picture on the disk for each means of payment, where the kit's own logos are shown."""
    if not site.pathfile or site.pathfile["D_LOGO"].strip("/") != "logos":
        return []
    found = []
    folder, extension = os.path.join(site.root, "logos"), site.pathfile.logo_extension
    for name in means(site):
        path = f"{folder}/{name}.{extension}"
        if os.path.isfile(path):
            if not may(site.user, path, READ):
                found.append(fault("not_for_user", path, user=site.user.name))
        elif site.pathfile["LOGO_TYPE"]:
            found.append(warning("logo_as_text", path, means=name))
        else:
            found.append(fault("logo_missing", path, means=name))
    return found or [ok("logos", folder, count=len(means(site)))]


def means(site: Site) -> list[str]:
    """The means of payment that any merchant's pages show a picture of."""
    names: set[str] = set()
    for merchant in site.merchants:
        items = merchant.fields.get("payment_means", "").removesuffix(",").split(",")
        names.update(filter(None, items[::2]))
        if "2" in items[1::2] and merchant.fields["header_flag"].lower() == "yes":
            names.add("CLEF")
    return sorted(names)


def is_local(url: str) -> bool:
    """Whether an address leads to this machine or its own network, where no bank gets."""
    host = urlsplit(url).hostname or ""
    try:
        return not ipaddress.ip_address(host).is_global
    except ValueError:
        return "." not in host or host.endswith((".localhost", ".local"))


def _probe(site: Site, merchant: Merchant) -> PaymentRequest:
    assert site.pathfile
    call = {**PROBE, "merchant_id": merchant.id, "merchant_country": merchant.country}
    return make_request(call, site.pathfile, register=lambda fields: "1")


def _missing(site: Site, merchant: Merchant, path: str) -> Finding:
    folder = os.path.dirname(path)
    there = [name for name in os.listdir(folder) if merchant.id in name and name.startswith("certif")]
    likely = get_close_matches(os.path.basename(path), there, 1, 0.5)
    if likely:
        return fault("certificate_misnamed", path, merchant=merchant.id, likely=likely[0])
    return fault("certificate_missing", path, merchant=merchant.id)


def _certificate(site: Site, merchant: Merchant, path: str, old: bool = False) -> list[Finding]:
    found = []
    if open_to_all(path):
        found.append(fault("open_to_all", path, **described(path)))
    if not may(site.user, path, READ):
        found.append(fault("not_for_user", path, user=site.user.name))
    assert site.pathfile
    try:
        certificate = open_certificate(path)
    except CertificateError as error:
        if isinstance(error.__cause__, PermissionError):
            raise error.__cause__ from None
        return [*found, fault("certificate_damaged", path, error=error)]
    wanted = {
        "merchant_id": merchant.id,
        "merchant_country": merchant.country,
        "certificate_type": site.pathfile["F_CTYPE"],
    }
    wrong = [name for name in wanted if certificate.header.get(name, "") != wanted[name]]
    if wrong and (site.pathfile["F_CTYPE"] or certificate.header):
        name = wrong[0]
        says = certificate.header.get(name, "") or "-"
        return [*found, fault(f"another_{name}", path, wanted=wanted[name] or "-", says=says)]
    try:
        read_certificate(site.pathfile, merchant.country, merchant.id, old)
    except KitError as error:
        return [*found, fault("certificate_damaged", path, error=error)]
    if not old:
        found += _expiry(path, certificate.header.get("certificate_expired", ""))
    if not found:
        name = "certificate_before" if old else "certificate_own" if certificate.own else "certificate"
        found.append(ok(name, path, merchant=merchant.id, url=certificate.payment_url, **described(path)))
    return found


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


def _is_address(url: str) -> bool:
    try:
        parts = urlsplit(url)
        return bool(ADDRESS.fullmatch(url) and parts.hostname) and parts.port != 0
    except ValueError:
        return False


def _where(site: Site, merchant: Merchant, keyword: str) -> tuple[str, int]:
    """The file and the line that set a keyword for a merchant."""
    assert site.pathfile
    for path in (merchant.path, site.pathfile["F_DEFAULT"]):
        line = line_of(path, keyword) if os.path.exists(path) else 0
        if line:
            return path, line
    return merchant.path, 0
