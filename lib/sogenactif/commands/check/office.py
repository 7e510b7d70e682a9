"""The bank's Office server: asked for a transaction that can't exist, it answers 25 if all is well."""

from sogenactif.addresses import host, is_for_tests, is_local
from sogenactif.commands.check.findings import Finding, fault, ok, warning
from sogenactif.commands.check.site import Site
from sogenactif.commands.texts import bank_code
from sogenactif.errors import OfficeError, SecretError
from sogenactif.ledger.ledger import today
from sogenactif.operations import office
from sogenactif.protocols.office import UNKNOWN_TRANSACTION, by_number, by_reference

IMPOSSIBLE = "000000"


def office_server(site: Site) -> list[Finding]:
    """Check the address, and with each merchant's key that the server knows it."""
    url, line = site.pathfile.office_url, site.pathfile.lines.get("OFFICE_URL", 0)
    if not url or not site.paypage:
        return []
    if url.startswith("http:") and not is_local(url):
        return [fault("office_in_clear", site.path, line, url=url)]
    found = []
    # The test servers of Office have a label of their own: office-server.test.sips-services.com.
    if "test" in host(url).split(".") and not is_for_tests(site.pathfile.paypage.url):
        found.append(warning("office_for_tests", site.path, line, url=url))
    day = today()
    by_name = site.pathfile.paypage.reference == "transactionReference"
    identifier = by_reference(f"{day}{IMPOSSIBLE}") if by_name else by_number(IMPOSSIBLE, day)
    for merchant in site.merchants:
        try:
            code = office(site.pathfile, merchant.id).query(identifier).code
        except SecretError:  # whose own check reports it
            continue
        except OfficeError as error:
            if is_local(url) and not error.sent:  # a sandbox that isn't running now
                continue
            found.append(fault("office_fails", site.path, line, merchant=merchant.id, error=error))
            continue
        if code == UNKNOWN_TRANSACTION:
            found.append(ok("office_answers", site.path, line, merchant=merchant.id))
        else:
            words = bank_code(code)
            found.append(fault("office_refuses", site.path, line, merchant=merchant.id, words=words))
    return found
