"""The reports of the debug mode: the files and fields that a call used, and its result.

Source: docs/dictionary.md. Of a certificate only addresses and dates are shown, of a secret key nothing.
"""

from collections.abc import Mapping

from markupsafe import Markup

from sogenactif import protocols
from sogenactif.configuration import Pathfile, merge, read_parameters
from sogenactif.errors import KitError
from sogenactif.fields import PRINTED
from sogenactif.files import stays_in_directory
from sogenactif.pages import form, report
from sogenactif.payment import PaymentRequest, PaymentResponse


def request_report(call: Mapping[str, str], pathfile: Pathfile, request: PaymentRequest | None) -> Markup:
    """Return the report of a payment request; ``request`` is None if the call failed."""
    files: dict[str, str] = {pathfile.path: "read"}
    sources = []
    merchant_id = call.get("merchant_id", "")
    for whose, path in pathfile.parameter_files(merchant_id) if stays_in_directory(merchant_id) else ():
        try:
            sources.append(read_parameters(whose, path).fields)
            files[path] = "read"
        except KitError as error:
            files[path] = str(error)
    fields = request.fields if request else merge(*sources, call)
    owner = fields.get("merchant_country", ""), fields.get("merchant_id", "")
    server: dict[str, str] = {}
    unsupported: Mapping[str, str] = {}
    try:
        gateway = protocols.gateway(pathfile, *owner)
        files[gateway.path] = "read"
        server = {"payment": gateway.action}
        if request:
            unsupported = gateway.unsupported_fields(fields)
    except KitError as error:
        files[protocols.secret_path(pathfile.protocol, pathfile, *owner)] = str(error)
    sections = [
        ("pathfile", _keywords(pathfile)),
        ("files", files),
        ("server", server),
        ("parameters", dict(sorted(fields.items()))),
        *([("not sent", unsupported)] if unsupported else []),
        ("form", {"HTML": str(form(request, pathfile))} if request else {}),
    ]
    return report("request", sections)


def response_report(
    message: str | Mapping[str, str], pathfile: Pathfile, response: PaymentResponse | None
) -> Markup:
    """Return the report of a payment response; ``response`` is None if its message can't be trusted."""
    files = {pathfile.path: "read"}
    post = protocols.read_post(message)
    if response:
        owner = response["merchant_country"], response["merchant_id"]
        files[protocols.secret_path(response.protocol, pathfile, *owner)] = "read"
    sections = [
        ("pathfile", _keywords(pathfile)),
        ("files", files),
        ("message", post),
        ("fields", {name: response[name] for name in PRINTED} if response else {}),
        *([("keys of the server", response.original)] if response and response.original else []),
    ]
    return report("response", sections)


def _keywords(pathfile: Pathfile) -> dict[str, str]:
    """Return the pathfile's keywords, without the password that the address of a ledger may hold."""
    shown = {"LEDGER": pathfile.ledger.url.partition(":")[0] + ":…"} if pathfile.ledger else {}
    return {**pathfile.keywords, **shown}
