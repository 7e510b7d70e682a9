"""Checks of each merchant: a request that can be sealed, addresses, logos, the bank's Office server."""

import os
import re
from collections.abc import Iterator
from contextlib import suppress
from difflib import get_close_matches
from typing import Any
from urllib.parse import urlsplit

from sogenactif import addresses as hosts
from sogenactif.addresses import PORTS, host, is_address, is_local
from sogenactif.commands.check.findings import Findings, all_well, fault, first, ok, warning
from sogenactif.commands.check.machine import SCRIPTS
from sogenactif.commands.check.rights import missing_rights
from sogenactif.commands.paypage import TEST_SHOPS
from sogenactif.commands.places import KIND, ROOT
from sogenactif.commands.site import Location, Merchant, Site
from sogenactif.commands.texts import bank_code
from sogenactif.configuration import Pathfile
from sogenactif.dates import today
from sogenactif.errors import CallError, ConfigurationError, KitError, OfficeError, SecretError
from sogenactif.fields import PARMCOM
from sogenactif.payment import PaymentRequest, make_request, read_blocks
from sogenactif.protocols.office import UNKNOWN_TRANSACTION, by_number, by_reference
from sogenactif.protocols.paypage_fields import REQUEST_KEYS
from sogenactif.reconciliation import office_client

# Each address of the shop: its field, its keyword, and the script of the kit that serves it.
ADDRESSES = (
    ("normal_return_url", "RETURN_URL", "call_response.py"),
    ("cancel_return_url", "CANCEL_URL", "call_response.py"),
    ("automatic_response_url", "AUTO_RESPONSE_URL", "call_autoresponse.py"),
)
# The keyword that sets a field, or a key of Paypage, which an error names.
KEYWORD_OF = {field.name: keyword for keyword, field in PARMCOM.items()}
KEYWORD_OF |= {key: KEYWORD_OF[name] for key, name in REQUEST_KEYS.items() if name in KEYWORD_OF}
PROBE = {"amount": "100", "order_id": "check", "transaction_id": "1"}
MISSPELLED = 0.85
# The transaction_id of a query: the server answers that it doesn't exist, if all is well.
IMPOSSIBLE = "000000"


def requests(site: Site) -> Findings:
    """Seal a payment request of each merchant as for a customer."""
    for merchant in site.merchants:
        try:
            probe(site.pathfile, merchant.country, merchant.id)
            yield ok("sealed", merchant=merchant.id)
        except ConfigurationError:  # of a file, whose own check reports it
            continue
        except KitError as error:
            words = re.findall(r"\w+", error.logged)
            keyword = next((KEYWORD_OF[word] for word in words if word in KEYWORD_OF), "")
            place = merchant.where(keyword)
            yield fault("request_refused", *place, merchant=merchant.id, error=error.logged)


def probe(pathfile: Pathfile, country: str, merchant_id: str) -> PaymentRequest:
    """Return a payment request of a merchant that no ledger records. Raises KitError."""
    return make_request({**PROBE, "merchant_id": merchant_id, "merchant_country": country}, pathfile)


def probes(site: Site) -> Iterator[tuple[Merchant, PaymentRequest]]:
    """Yield the merchants for whom a request can be made, and that request; ``requests`` reports the others."""
    for merchant in site.merchants:
        with suppress(KitError):
            yield merchant, probe(site.pathfile, merchant.country, merchant.id)


def addresses(site: Site) -> Findings:
    """Check the addresses of the payment server, of the customer's return and of the automatic response."""
    if site.paypage:
        yield from _server(site)
    for merchant in site.merchants:
        for field, keyword, script in ADDRESSES:
            url, place = merchant.fields.get(field, ""), merchant.where(keyword)
            if site.paypage and keyword == "CANCEL_URL":
                if url not in ("", merchant.fields.get("normal_return_url")):
                    yield warning("address_unsent", *place, keyword=keyword)
            elif url:
                yield from _address(place, keyword, url, script, merchant.server, site.paypage)
            else:
                yield warning("address_absent", merchant.path, keyword=keyword)


def logos(site: Site) -> Findings:
    """Check that the disk has a logo for each means of payment, if the kit's own logos are shown."""
    address, folder, extension = site.pathfile.logos, f"{ROOT}/logos", site.pathfile.logo_extension
    if not address.endswith("/"):
        yield fault("logo_address", *site.where("D_LOGO"), url=f"{address}CB")
        return
    is_own = address.strip("/") == "logos" or address.endswith("/sogenactif/logos/")
    # install.sh apache serves them wherever D_LOGO says; elsewhere another address is the shop's own.
    if not is_own and not (KIND == "installed" and address.startswith("/")):
        return
    known = [name.removesuffix(".svg") for name in os.listdir(folder)] if os.path.isdir(folder) else []
    for name in means(site):
        path, likely = f"{folder}/{name}.{extension}", "".join(get_close_matches(name, known, 1, MISSPELLED))
        rules = [
            (warning, "means_misspelled", likely not in ("", name)),
            (warning, "logo_as_text", site.pathfile.logo_type),
            (fault, "logo_missing", True),
        ]
        absent = first(rules, path, means=name, likely=likely)
        yield from missing_rights(site.user, path) if os.path.isfile(path) else absent
    yield all_well("logos", folder, count=len(means(site)))


def office(site: Site) -> Findings:
    """Check the address, and with each merchant's key that the server knows it."""
    url, place = site.pathfile.office_url, site.where("OFFICE_URL")
    if not url or not site.paypage:
        return
    if hosts.is_in_clear(url):
        yield fault("office_in_clear", *place, url=url)
        return
    # The test servers of Office have a label of their own: office-server.test.sips-services.com.
    if "test" in host(url).split(".") and not hosts.is_test_server(site.pathfile.paypage.url):
        yield warning("office_for_tests", *place, url=url)
    by_name = site.pathfile.paypage.reference == "transactionReference"
    identifier = by_reference(f"{today()}{IMPOSSIBLE}") if by_name else by_number(IMPOSSIBLE, today())
    for merchant in site.merchants:
        try:
            code = office_client(site.pathfile, merchant.id).query(identifier).code
        except SecretError:  # whose own check reports it
            continue
        except OfficeError as error:
            if error.sent or not is_local(url):  # else a sandbox that isn't running now
                yield fault("office_fails", *place, merchant=merchant.id, error=error)
            continue
        make, name = (ok, "office_answers") if code == UNKNOWN_TRANSACTION else (fault, "office_refuses")
        yield make(name, *place, merchant=merchant.id, words=bank_code(code))


def means(site: Site) -> list[str]:
    """Return the means of payment whose logo any merchant's pages show."""
    names: set[str] = set()
    for merchant in site.merchants:
        fields = merchant.fields
        with suppress(CallError):  # reported by the check of the requests
            for block in read_blocks(fields.get("payment_means", ""), fields["block_order"]):
                names.update(block.means)
                if block.number == "2" and fields["header_flag"].lower() == "yes":
                    names.add("CLEF")
    return sorted(names)


def _server(site: Site) -> Findings:
    """Check the address of the payment server of Paypage, and that test shops use it in their own mode."""
    url, mode = site.pathfile.paypage.url, site.pathfile.paypage.reference
    known = [name for servers in hosts.PAYPAGE_HOSTS.values() for name in servers.values()]
    [likely] = get_close_matches(host(url), known, 1, 0)
    rules = [
        (fault, "server_gone", hosts.is_decommissioned(url)),
        (warning, "server_for_tests", hosts.is_test_server(url)),
        (fault, "server_in_clear", hosts.is_in_clear(url)),
        (warning, "server_unknown", not is_local(url) and not hosts.is_paypage(url)),
        (ok, "address", True),
    ]
    place, production = site.where("PAYPAGE_URL"), hosts.production_address(url)
    values: dict[str, Any] = {"keyword": "PAYPAGE_URL", "url": url, "host": host(url), "likely": likely}
    yield from first(rules, *place, production=production, **values)
    for merchant in site.merchants:
        wanted = TEST_SHOPS.get(merchant.id, mode)
        if wanted != mode:
            place = site.where("PAYPAGE_REFERENCE")
            yield fault("test_shop_mode", *place, merchant=merchant.id, wanted=wanted, mode=mode)


def _address(place: Location, keyword: str, url: str, served: str, server: str, is_paypage: bool) -> Findings:
    """Check an address; ``served`` is the script that it is for, ``server`` the payment server's, empty if not known."""
    parts, is_far = urlsplit(url if is_address(url) else ""), bool(server) and not is_local(server)
    script = parts.path.rpartition("/")[2]
    rules = [
        (fault, "address_with_password", "@" in url.partition("://")[2].partition("/")[0]),
        (fault, "address_malformed", not is_address(url)),
        (fault, "address_local", is_far and is_local(url)),
        (fault, "server_local", keyword == "RETURN_URL" and server and not is_far and not is_local(url)),
        (fault, "address_of_another", script in SCRIPTS and script != served),
        (warning, "address_with_parameters", is_paypage and "?" in url),
        (warning, "address_port", is_paypage and is_far and parts.port not in (None, *PORTS)),
        (warning, "address_in_clear", is_far and url.startswith("http:")),
        (ok, "address", True),
    ]
    values: dict[str, Any] = {"server": server, "script": script, "served": served, "port": parts.port}
    yield from first(rules, *place, keyword=keyword, url=url, first=PORTS[0], last=PORTS[-1], **values)
