"""The bank's Office server: asked for a transaction that can't exist, it answers 25 if all is well."""

from sogenactif.addresses import host, is_for_tests, is_local
from sogenactif.commands.check.findings import Findings, fault, ok, warning
from sogenactif.commands.check.site import Site
from sogenactif.commands.texts import bank_code
from sogenactif.dates import today
from sogenactif.errors import OfficeError, SecretError
from sogenactif.protocols.office import UNKNOWN_TRANSACTION, by_number, by_reference
from sogenactif.reconciliation import office_client

IMPOSSIBLE = "000000"


def office(site: Site) -> Findings:
    """Check the address, and with each merchant's key that the server knows it."""
    url, place = site.pathfile.office_url, site.where("OFFICE_URL")
    if not url or not site.paypage:
        return
    # The test servers of Office have a label of their own: office-server.test.sips-services.com.
    if "test" in host(url).split(".") and not is_for_tests(site.pathfile.paypage.url):
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
