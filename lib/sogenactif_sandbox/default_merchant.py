"""The merchant that ``sogenactif sandbox`` and the fixtures create, so that they need no configuration.

Nothing here imports Flask.
"""

import os
import secrets
from pathlib import Path

from sogenactif.addresses import is_in_clear
from sogenactif.configuration import replace_keywords
from sogenactif.files import write_secret
from sogenactif.protocols.certificate import issue_certificate, open_certificate

MERCHANT, WITH_3D_SECURE = "014213245611111", "014213245611112"  # on Sips 1.0
FOLDER = "SOGENACTIF_SANDBOX"
PATHFILE = """\
# Of the sandbox: Paypage and Sips 1.0 alike. @HERE@ is the folder of this file.
PROTOCOL!paypage!
PAYPAGE_URL!{address}/paymentInit!
PAYPAGE_KEY!@HERE@/key!
PAYPAGE_KEY_VERSION!1!
F_CERTIFICATE!@HERE@/certif!
F_CTYPE!php!
F_DEFAULT!@HERE@/parmcom.sogenactif!
F_PARAM!@HERE@/parmcom!
D_LOGO!/logos/!
LOGO_TYPE!svg!
"""
PARMCOM = "CURRENCY!978!\nLANGUAGE!fr!\nMERCHANT_COUNTRY!fr!\nPAYMENT_MEANS!CB,1,VISA,1,MASTERCARD,1!\n"


class DefaultMerchant:
    """Hold the paths of a merchant's files, and the address of the payment server that they name."""

    def __init__(self, folder: Path, address: str, merchant_id: str = MERCHANT) -> None:
        self.folder = folder
        self.address = address
        self.merchant_id = merchant_id
        self.pathfile = folder / "pathfile"
        self.key_file = folder / f"key.{merchant_id}"
        self.certificate = folder / f"certif.fr.{merchant_id}.php"

    def __repr__(self) -> str:
        return f"<DefaultMerchant {self.merchant_id} {self.address}>"

    @property
    def key(self) -> str:
        """Return the secret key of Paypage."""
        return self.key_file.read_text().strip()


def default_folder() -> Path:
    """Return the folder of the sandbox: that of SOGENACTIF_SANDBOX, or one below the user's own state."""
    if os.environ.get(FOLDER):
        return Path(os.environ[FOLDER])
    state = os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state"
    return Path(state) / "sogenactif-sandbox"


def create_default_merchant(folder: Path, address: str) -> DefaultMerchant:
    """Write a merchant for a payment server at an address, ``http://127.0.0.1:8080/payment``. Raises OSError and KitError.

    A key that is there stays, so that a shop's configuration does; the certificate names the address. The merchant
    that has 3-D Secure on Sips 1.0 is written beside it.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    for merchant_id in (WITH_3D_SECURE, MERCHANT):
        merchant = DefaultMerchant(folder.resolve(), address, merchant_id)
        if not merchant.key_file.exists():
            write_secret(str(merchant.key_file), secrets.token_urlsafe(32).encode() + b"\n")
        if not _names(merchant.certificate, address):
            merchant.certificate.unlink(missing_ok=True)
            write_secret(str(merchant.certificate), issue_certificate(address, merchant_id))
        (folder / f"parmcom.{merchant_id}").write_text("")
    # The kit sends no query in clear over the internet.
    office = None if is_in_clear(address) else f"{address}/rs-services/v2"
    content = PATHFILE.format(address=address).encode()
    merchant.pathfile.write_bytes(replace_keywords(content, {"OFFICE_URL": office}))
    (folder / "parmcom.sogenactif").write_text(PARMCOM)
    return merchant


def _names(certificate: Path, address: str) -> bool:
    return certificate.exists() and open_certificate(str(certificate)).payment_url == address
