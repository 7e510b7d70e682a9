"""What the debug mode tells a merchant: the resources that a call used and what came of it.

Source: guide, 2.3. Nothing of a certificate is shown but its address and its dates.
"""

from collections.abc import Mapping

from markupsafe import Markup

from sogenactif.certificate import certificate_path, read_certificate
from sogenactif.errors import KitError
from sogenactif.fields import PRINTED
from sogenactif.pages import form, report
from sogenactif.payment import PaymentRequest, PaymentResponse
from sogenactif.settings import Pathfile, merge, read_parameters, stays_in_directory


def request_report(call: Mapping[str, str], pathfile: Pathfile, request: PaymentRequest | None) -> Markup:
    """The report of a payment request, ``None`` where the call failed."""
    files: dict[str, str] = {pathfile.path: "read"}
    sources = []
    merchant_id = call.get("merchant_id", "")
    for whose, path in pathfile.parameter_files(merchant_id) if stays_in_directory(merchant_id) else ():
        try:
            sources.append(read_parameters(whose, path))
            files[path] = "read"
        except KitError as error:
            files[path] = str(error)
    fields = request.fields if request else merge(*sources, call)
    owner = fields.get("merchant_country", ""), fields.get("merchant_id", "")
    server = {}
    try:
        certificate = read_certificate(pathfile, *owner)
        files[certificate.path] = "read"
        server = {"payment": certificate.payment_url + "/callpayment"}
    except KitError as error:
        files[".".join((pathfile["F_CERTIFICATE"], *owner))] = str(error)
    sections = [
        ("pathfile", _keywords(pathfile)),
        ("files", files),
        ("server", server),
        ("parameters", dict(sorted(fields.items()))),
        ("form", {"HTML": str(form(request))} if request else {}),
    ]
    return report("request", sections)


def response_report(data: str, pathfile: Pathfile, response: PaymentResponse | None) -> Markup:
    """The report of a payment response, ``None`` where its message can't be believed."""
    files = {pathfile.path: "read"}
    if response:
        files[certificate_path(pathfile, response["merchant_country"], response["merchant_id"])] = "read"
    sections = [
        ("pathfile", _keywords(pathfile)),
        ("files", files),
        ("message", {"DATA": data}),
        ("fields", {name: response[name] for name in PRINTED} if response else {}),
    ]
    return report("response", sections)


def _keywords(pathfile: Pathfile) -> dict[str, str]:
    """The pathfile's keywords, without the password that the address of a ledger may hold."""
    shown = {"LEDGER": pathfile["LEDGER"].partition(":")[0] + ":…"} if pathfile["LEDGER"] else {}
    return {**pathfile.keywords, **shown}
