"""Writes a configuration for the demonstration's shops, their own certificates included.

``python -m demo.prepare ROOT [--shop URL] [--payment URL]`` fills ROOT/var/conf from the kit's conf/
and links ROOT/cgi-bin/pathfile to it. Whatever is there already stays as it is.
"""

import argparse
import re
from pathlib import Path

from sogenactif.certificate import certificate_path, issue_certificate, read_certificate, write_secret
from sogenactif.errors import CertificateError, CertificateMissing
from sogenactif.settings import Pathfile, read_pathfile

COUNTRY, MERCHANTS = "fr", ("014213245611111", "014213245611112")
SAMPLES = Path(__file__).parents[1] / "conf"
OWN_ADDRESS = re.compile(r"http://127\.0\.0\.1:\d+(?=/cgi-bin/)")
OWN_CERTIFICATE = b",V4,SANDBOX,DEMO+"


def prepare(root: Path, shop: str, payment: str, portable: bool = False) -> Pathfile:
    """Write what is missing, for a shop and a payment server at these addresses; the pathfile.

    Its paths are absolute, or begin at its own folder where it is to be ``portable``.
    """
    data, conf = root / "var" / "data", root / "var" / "conf"
    for folder in (root / "var", data, conf):
        folder.mkdir(mode=0o700, exist_ok=True)
    places = ("@HERE@", "@HERE@/../data") if portable else (str(conf), str(data))
    for sample in sorted(SAMPLES.iterdir()):
        content = sample.read_text()
        for place, value in zip(("@CONF@", "@DATA@", "@SHOP@"), (*places, shop), strict=True):
            content = content.replace(place, value)
        if not (conf / sample.name).exists():
            write_secret(str(conf / sample.name), content.encode())
    link = root / "cgi-bin" / "pathfile"
    if not portable and not link.is_symlink():
        link.symlink_to(Path("..", "var", "conf", "pathfile"))
    pathfile = read_pathfile(str(conf / "pathfile"))
    for merchant_id in MERCHANTS:
        try:
            read_certificate(pathfile, COUNTRY, merchant_id)
        except CertificateMissing:
            write_secret(_path(pathfile, merchant_id), issue_certificate(payment, merchant_id, COUNTRY))
    return pathfile


def move(pathfile: Pathfile, shop: str, payment: str) -> None:
    """Make a demonstration's configuration serve at other addresses of 127.0.0.1.

    Only what points to a demonstration is changed; a certificate that was issued here is issued
    again, and the one before it stays as ``.old``.
    """
    for merchant_id in MERCHANTS:
        parameters = Path(pathfile.parameter_files(merchant_id)[1][1])
        before = parameters.read_text()
        after = OWN_ADDRESS.sub(shop, before)
        if after != before:
            write_secret(str(parameters), after.encode())
        path = _path(pathfile, merchant_id)
        content = Path(path).read_bytes()
        if OWN_CERTIFICATE in content and _address(pathfile, merchant_id) != payment:
            write_secret(_path(pathfile, merchant_id, old=True), content)
            write_secret(path, issue_certificate(payment, merchant_id, COUNTRY))


def _path(pathfile: Pathfile, merchant_id: str, old: bool = False) -> str:
    return certificate_path(pathfile, COUNTRY, merchant_id, old)


def _address(pathfile: Pathfile, merchant_id: str) -> str:
    try:
        return read_certificate(pathfile, COUNTRY, merchant_id).payment_url
    except CertificateError:
        return ""


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="demo.prepare", description="Write the demonstration's configuration."
    )
    parser.add_argument("root", type=Path)
    parser.add_argument("--shop", default="http://127.0.0.1:8080", help="address of the shop")
    parser.add_argument(
        "--payment", default="http://127.0.0.1:8080/payment", help="address of the payment server"
    )
    arguments = parser.parse_args()
    prepare(arguments.root.resolve(), arguments.shop, arguments.payment)


if __name__ == "__main__":
    main()
