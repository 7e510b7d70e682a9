"""Writes the configuration of the demonstration, its own certificate included.

``python -m demo.prepare ROOT [--shop URL] [--payment URL]`` fills ROOT/var/conf from ROOT/conf,
and links ROOT/cgi-bin/pathfile to it. What is there already stays, but for the two files that
hold an address: those are written again when their address changes.
"""

import argparse
from pathlib import Path

from sogenactif.certificate import certificate_path, issue_certificate, read_certificate, write_secret
from sogenactif.errors import CertificateError
from sogenactif.settings import read_pathfile

COUNTRY, MERCHANTS = "fr", ("014213245611111", "014213245611112")


def prepare(root: Path, shop: str, payment: str) -> str:
    """Write what is missing, for a shop and a payment server at these addresses; the path of the pathfile."""
    conf = root / "var" / "conf"
    conf.mkdir(parents=True, exist_ok=True)
    for sample in sorted((root / "conf").iterdir()):
        content = sample.read_text()
        for place, value in (("@CONF@", str(conf)), ("@VAR@", str(root / "var")), ("@SHOP@", shop)):
            content = content.replace(place, value)
        written = conf / sample.name
        if not written.exists() or ("@SHOP@" in sample.read_text() and written.read_text() != content):
            written.write_text(content)
    link = root / "cgi-bin" / "pathfile"
    if not link.is_symlink():
        link.symlink_to(Path("..", "var", "conf", "pathfile"))
    pathfile = read_pathfile(str(conf / "pathfile"))
    for merchant_id in MERCHANTS:
        try:
            current = read_certificate(pathfile, COUNTRY, merchant_id).payment_url
        except CertificateError:
            current = ""
        if current != payment:
            path = certificate_path(pathfile, COUNTRY, merchant_id)
            write_secret(path, issue_certificate(payment, merchant_id, COUNTRY))
    return pathfile.path


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
