"""Checks of each merchant: a request that can be sealed, addresses, logos."""

import os
import re
from collections.abc import Iterator
from contextlib import suppress
from difflib import get_close_matches
from urllib.parse import urlsplit

from sogenactif.addresses import (
    PAYPAGE_HOSTS,
    PORTS,
    host,
    is_address,
    is_for_tests,
    is_gone,
    is_local,
    is_paypage,
    production_address,
)
from sogenactif.commands.check.findings import Finding, fault, ok, warning
from sogenactif.commands.check.machine import SCRIPTS
from sogenactif.commands.check.rights import refused
from sogenactif.commands.check.site import Merchant, Site
from sogenactif.commands.paypage import TEST_SHOPS
from sogenactif.commands.places import KIND, ROOT
from sogenactif.configuration import Pathfile, parse
from sogenactif.errors import ConfigurationError, KitError
from sogenactif.fields import PARMCOM
from sogenactif.files import read_file
from sogenactif.payment import PaymentRequest, make_request
from sogenactif.protocols import Post, paypage, sips
from sogenactif.protocols.paypage_fields import ASKED

ADDRESSES = {
    "normal_return_url": "RETURN_URL",
    "cancel_return_url": "CANCEL_URL",
    "automatic_response_url": "AUTO_RESPONSE_URL",
}
# The script of the kit that serves each address.
SCRIPT_AT = {
    "RETURN_URL": "call_response.py",
    "CANCEL_URL": "call_response.py",
    "AUTO_RESPONSE_URL": "call_autoresponse.py",
}
# The keyword that sets a field, or a key of Paypage, which an error names.
KEYWORD_OF = {field.name: keyword for keyword, field in PARMCOM.items()}
KEYWORD_OF |= {key: KEYWORD_OF[name] for key, name in ASKED.items() if name in KEYWORD_OF}
PROBE = {"amount": "100", "order_id": "check"}
MISSPELLED = 0.85


def requests(site: Site) -> list[Finding]:
    """Seal a payment request of each merchant as for a customer, and open it again."""
    found = []
    for merchant in site.merchants:
        try:
            request = probe(site.pathfile, merchant.country, merchant.id)
            fields = opened_request(next(iter(request.posts.values())), site.pathfile)
            if fields["order_id"] != PROBE["order_id"]:
                raise KitError("order_id")
            found.append(ok("sealed", merchant=merchant.id))
        except ConfigurationError:  # of a file, whose own check reports it
            continue
        except KitError as error:
            words = re.findall(r"\w+", error.logged)
            keyword = next((KEYWORD_OF[word] for word in words if word in KEYWORD_OF), "")
            path, line = where(site, merchant, keyword)
            found.append(fault("request_refused", path, line, merchant=merchant.id, error=error.logged))
    return found


def probe(pathfile: Pathfile, country: str, merchant_id: str) -> PaymentRequest:
    """Return a payment request of a merchant that no ledger registers. Raises KitError."""
    call = {**PROBE, "merchant_id": merchant_id, "merchant_country": country}
    return make_request(call, pathfile, register=lambda fields, _: {**fields, "transaction_id": "1"})


def probes(site: Site) -> Iterator[tuple[Merchant, PaymentRequest]]:
    """Yield the merchants for whom a request can be made, and that request; ``requests`` reports the others."""
    for merchant in site.merchants:
        with suppress(KitError):
            yield merchant, probe(site.pathfile, merchant.country, merchant.id)


def opened_request(post: Post, pathfile: Pathfile) -> dict[str, str]:
    """Return the fields of a payment request as its server reads them, in either protocol. Raises KitError."""
    if "Data" in post:
        keys, _ = paypage.open_sealed(post, pathfile, post.get("SealAlgorithm", ""))
        return {name: keys[key] for key, name in ASKED.items() if key in keys}
    return sips.open_request(post["DATA"], pathfile)[0]


def addresses(site: Site) -> list[Finding]:
    """Check the addresses of the payment server, of the customer's return and of the automatic response."""
    found = [*_server(site), *_modes(site)] if site.paypage else []
    for merchant in site.merchants:
        server = site.payment_address(merchant)
        for name, keyword in ADDRESSES.items():
            url, (path, line) = merchant.fields.get(name, ""), where(site, merchant, keyword)
            if site.paypage and keyword == "CANCEL_URL":
                if url not in ("", merchant.fields.get("normal_return_url")):
                    found.append(warning("address_unsent", path, line, keyword=keyword))
            elif url:
                found.append(_address(path, line, keyword, url, server, site.paypage))
            else:
                found.append(warning("address_absent", merchant.path, keyword=keyword))
    return found


def logos(site: Site) -> list[Finding]:
    """Check that the disk has a logo for each means of payment, if the kit's own logos are shown."""
    address = site.pathfile.logos
    if not address.endswith("/"):
        return [fault("logo_address", site.path, site.pathfile.lines.get("D_LOGO", 0), url=f"{address}CB")]
    # install.sh apache serves them wherever D_LOGO says.
    is_own = address.strip("/") == "logos" or address.endswith("/sogenactif/logos/")
    if not is_own and not (KIND == "installed" and address.startswith("/")):
        return []
    found = []
    folder, extension = f"{ROOT}/logos", site.pathfile.logo_extension
    known = [name.removesuffix(".svg") for name in os.listdir(folder)] if os.path.isdir(folder) else []
    for name in means(site):
        path = f"{folder}/{name}.{extension}"
        likely = get_close_matches(name, known, 1, MISSPELLED)
        if os.path.isfile(path):
            found += refused(site.user, path)
        elif likely and likely[0] != name:
            found.append(warning("means_misspelled", path, means=name, likely=likely[0]))
        elif site.pathfile.logo_type:
            found.append(warning("logo_as_text", path, means=name))
        else:
            found.append(fault("logo_missing", path, means=name))
    return found or [ok("logos", folder, count=len(means(site)))]


def means(site: Site) -> list[str]:
    """Return the means of payment whose logo any merchant's pages show."""
    names: set[str] = set()
    for merchant in site.merchants:
        items = merchant.fields.get("payment_means", "").removesuffix(",").split(",")
        names.update(filter(None, items[::2]))
        if "2" in items[1::2] and merchant.fields["header_flag"].lower() == "yes":
            names.add("CLEF")
    return sorted(names)


def _server(site: Site) -> list[Finding]:
    """Check the address of the payment server of Paypage."""
    url, line = site.pathfile.paypage.url, site.pathfile.lines.get("PAYPAGE_URL", 0)
    if not url:
        return []
    if is_gone(url):
        return [fault("server_gone", site.path, line, host=host(url), production=production_address(url))]
    if is_for_tests(url):
        return [warning("server_for_tests", site.path, line, production=production_address(url))]
    if url.startswith("http:") and not is_local(url):
        return [fault("server_in_clear", site.path, line, url=url)]
    if is_address(url) and not is_local(url) and not is_paypage(url):
        known = [name for hosts in PAYPAGE_HOSTS.values() for name in hosts.values()]
        [likely] = get_close_matches(host(url), known, 1, 0)
        return [warning("server_unknown", site.path, line, host=host(url), likely=likely)]
    return [_address(site.path, line, "PAYPAGE_URL", url)]


def _modes(site: Site) -> list[Finding]:
    """Check that PAYPAGE_REFERENCE is the mode of the published test shops."""
    line, mode = site.pathfile.lines.get("PAYPAGE_REFERENCE", 0), site.pathfile.paypage.reference
    return [
        fault(
            "test_shop_mode", site.path, line, merchant=merchant.id, wanted=TEST_SHOPS[merchant.id], mode=mode
        )
        for merchant in site.merchants
        if TEST_SHOPS.get(merchant.id, mode) != mode
    ]


def _address(
    path: str, line: int, keyword: str, url: str, server: str = "", is_paypage: bool = False
) -> Finding:
    """Check an address; ``server`` is that of the payment server, empty if it is not known."""
    far_server = bool(server) and not is_local(server)
    if "@" in url.partition("://")[2].partition("/")[0]:
        return fault("address_with_password", path, line, keyword=keyword)
    if not is_address(url):
        return fault("address_malformed", path, line, keyword=keyword, url=url)
    parts = urlsplit(url)
    if far_server and is_local(url):
        return fault("address_local", path, line, keyword=keyword, url=url)
    if keyword == "RETURN_URL" and server and not far_server and not is_local(url):
        return fault("server_local", path, line, keyword=keyword, url=url, server=server)
    script, served = parts.path.rpartition("/")[2], SCRIPT_AT.get(keyword, "")
    if script in SCRIPTS and script != served:
        return fault("address_of_another", path, line, keyword=keyword, script=script, served=served)
    if keyword in SCRIPT_AT and is_paypage and "?" in url:
        return warning("address_with_parameters", path, line, keyword=keyword, url=url)
    if far_server and is_paypage and parts.port not in (None, *PORTS):
        first, last = PORTS[0], PORTS[-1]
        return warning("address_port", path, line, keyword=keyword, port=parts.port, first=first, last=last)
    if far_server and url.startswith("http:"):
        return warning("address_in_clear", path, line, keyword=keyword, url=url)
    return ok("address", path, line, keyword=keyword, url=url)


def where(site: Site, merchant: Merchant, keyword: str) -> tuple[str, int]:
    """Return the file and the line that set a keyword for a merchant."""
    for path in (merchant.path, site.pathfile.default_parameters):
        rows = parse(read_file(path)) if os.path.exists(path) else ()
        lines = {parts[0]: number for number, parts in rows}
        if keyword in lines:
            return path, lines[keyword]
    return merchant.path, 0
