"""Write a configuration for the demonstration shops, with certificates of the sandbox and orders for trials.

``python -m installer.configure ROOT [--shop URL] [--payment URL] [--protocol P] [--logos PATH]`` fills
ROOT/var/conf from the kit's conf/, links ROOT/cgi-bin/pathfile to it, and places orders in
ROOT/var/data/shop.db. Existing files are not changed.
"""

import argparse
import os
import re
import secrets
import sqlite3
import sys
from collections.abc import Iterator, Mapping
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import urlsplit

from sogenactif.addresses import is_in_clear
from sogenactif.configuration import PAYPAGE, SIPS, Pathfile, read_parameters, read_pathfile, replace_keywords
from sogenactif.errors import CertificateMissing, KitError, SecretError
from sogenactif.files import write_secret
from sogenactif.protocols.certificate import certificate_path, issue_certificate, read_certificate

COUNTRY, MERCHANTS = "fr", ("014213245611111", "014213245611112")
SAMPLES = Path(__file__).parents[1] / "conf"
OWN_ADDRESS = re.compile(r"http://127\.0\.0\.1:\d+(?=/cgi-bin/)")
OWN_SHOP = re.compile(r"http://127\.0\.0\.1:\d+/")
OWN_SERVER = re.compile(r"http://127\.0\.0\.1:\d+/payment/paymentInit")
OWN_CERTIFICATE = b",V4,SANDBOX,DEMO+"
PAYMENT = "http://127.0.0.1:8080/payment"
LOGOS = "/logos/"
# Several, as an order is paid once only.
TRIALS = ["TRIAL", *(f"TRIAL-{number}" for number in range(2, 10))]


# The orders that the examples in the scripts read and update.
SCHEMA = """
CREATE TABLE IF NOT EXISTS orders (
    reference TEXT PRIMARY KEY,
    amount INTEGER NOT NULL,
    language TEXT NOT NULL,
    placed TEXT NOT NULL,
    state TEXT NOT NULL DEFAULT 'waiting',
    transaction_id TEXT NOT NULL DEFAULT ''
);
CREATE TABLE IF NOT EXISTS lines (reference TEXT NOT NULL, title TEXT NOT NULL, amount INTEGER NOT NULL);
CREATE INDEX IF NOT EXISTS lines_of_order ON lines (reference);
"""


def prepare(
    root: Path,
    shop: str,
    payment: str,
    protocol: str = SIPS,
    portable: bool = False,
    name: str = "",
    logos: str = LOGOS,
) -> Pathfile:
    """Write the missing files, for a shop and a payment server at these addresses; return the pathfile.

    ``protocol`` is sips (Sips 1.0) or paypage (Sips 2.0). Paths are absolute, or with ``portable``
    relative to the pathfile's folder. ``name`` is the shop's, else its host. ``logos`` is the path of their address.
    """
    data, conf = root / "var" / "data", root / "var" / "conf"
    for folder in (root / "var", data, conf):
        folder.mkdir(mode=0o700, exist_ok=True)
    fresh = not (conf / "pathfile").exists()
    places = ("@HERE@", "@HERE@/../data") if portable else (str(conf), str(data))
    name = name or urlsplit(shop).hostname or shop
    for sample in sorted(SAMPLES.iterdir()):
        content = sample.read_text()
        for place, value in zip(
            ("@CONF@", "@DATA@", "@SHOP@", "@NAME@", "@LOGOS@"), (*places, shop, name, logos), strict=True
        ):
            content = content.replace(place, value)
        if not (conf / sample.name).exists():
            write_secret(str(conf / sample.name), content.encode())
    link = root / "cgi-bin" / "pathfile"
    if not portable and not link.is_symlink():
        link.symlink_to(Path("..", "var", "conf", "pathfile"))
    if fresh and protocol == PAYPAGE:
        _set_protocol(conf / "pathfile", protocol, payment)
    pathfile = read_pathfile(str(conf / "pathfile"))
    for merchant_id in MERCHANTS:
        try:
            read_certificate(pathfile, COUNTRY, merchant_id)
        except CertificateMissing:
            write_secret(_path(pathfile, merchant_id), issue_certificate(payment, merchant_id, COUNTRY))
    if not os.path.lexists(data / "shop.db"):
        write_secret(str(data / "shop.db"), _trial_orders(), as_folder=True)
    return pathfile


def _trial_orders() -> bytes:
    """Return the SQLite file of a shop with orders of 10 euros."""
    with TemporaryDirectory() as folder:
        path = Path(folder, "shop.db")
        with closing(sqlite3.connect(path)) as shop, shop:
            shop.executescript(SCHEMA)
            for reference in TRIALS:
                shop.execute(
                    "INSERT INTO orders (reference, amount, language, placed) VALUES (?, 1000, 'fr', datetime('now'))",
                    [reference],
                )
                shop.execute("INSERT INTO lines VALUES (?, 'Essai', 1000)", [reference])
        return path.read_bytes()


def differences(pathfile: Pathfile, shop: str, payment: str | None, protocol: str | None) -> Iterator[str]:
    """Yield a line for each option that has no effect because existing files are not changed."""
    parameters = [file for file in Path(pathfile.path).parent.glob("parmcom.*") if file.is_file()]
    if not any(_return_url(file).startswith(f"{shop}/") for file in parameters):
        yield f"The existing parmcom files stay, and their return addresses are not at {shop}."
    current = pathfile.protocol
    if protocol and protocol != current:
        yield f"The existing pathfile stays, and payments use {current}; docs/paypage.md explains how to change."
    if payment and current == PAYPAGE:
        if pathfile.paypage.url != f"{payment}/paymentInit":
            yield f"The existing pathfile stays, and its PAYPAGE_URL is not {payment}/paymentInit."
    elif payment and any(_address(pathfile, one) != payment for one in MERCHANTS):
        yield f"The existing certificates stay, and some do not pay at {payment}. If you remove one, a new one is issued."


def _set_protocol(path: Path, protocol: str, payment: str) -> Pathfile:
    """Set the protocol of a pathfile; the secret keys and addresses of a real server are not changed."""
    pathfile = read_pathfile(str(path))
    if protocol == PAYPAGE or pathfile.protocol == PAYPAGE:
        own_key = str(path.parent / "key")
        key = pathfile.paypage.key or own_key
        url = f"{payment}/paymentInit"
        if pathfile.paypage.url and not OWN_SERVER.fullmatch(pathfile.paypage.url):
            return pathfile
        values: dict[str, str | None] = {"PROTOCOL": protocol, "PAYPAGE_URL": url}
        values["PAYPAGE_KEY"] = "@HERE@/key" if key == own_key else key
        # The kit sends no query in clear over the internet.
        values["OFFICE_URL"] = None if is_in_clear(payment) else f"{payment}/rs-services/v2"
        _set(path, values)
        for merchant_id in MERCHANTS:
            if not Path(f"{key}.{merchant_id}").exists():
                write_secret(f"{key}.{merchant_id}", f"{secrets.token_urlsafe(32)}\n".encode())
    return read_pathfile(str(path))


def move(pathfile: Pathfile, shop: str, payment: str, protocol: str = SIPS) -> Pathfile:
    """Move a demonstration's configuration to other addresses of 127.0.0.1 and a protocol; return the new pathfile.

    Only addresses of a demonstration are changed. A certificate that was issued here is issued
    again, and the previous one stays as ``.old``.
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
    if OWN_SHOP.fullmatch(pathfile.shop_url):
        _set(Path(pathfile.path), {"SHOP_URL": f"{shop}/"})
    return _set_protocol(Path(pathfile.path), protocol, payment)


def paypage_beside(pathfile: Pathfile, payment: str) -> Pathfile:
    """Return a pathfile of Paypage for the same shops, written beside one of Sips 1.0; one of Paypage as it is."""
    if pathfile.protocol == PAYPAGE:
        return pathfile
    beside = Path(f"{pathfile.path}.paypage")
    write_secret(str(beside), Path(pathfile.path).read_bytes())
    return _set_protocol(beside, PAYPAGE, payment)


def _set(path: Path, values: Mapping[str, str | None]) -> None:
    """Set keywords of a file, which is written only if that changes it."""
    content = path.read_bytes()
    changed = replace_keywords(content, values)
    if changed != content:
        write_secret(str(path), changed)


def _return_url(parameters: Path) -> str:
    """Return the return address that a parmcom file sets, empty if none or if it can't be read."""
    try:
        return read_parameters("merchant", str(parameters)).fields.get("normal_return_url", "")
    except KitError:
        return ""


def _path(pathfile: Pathfile, merchant_id: str, old: bool = False) -> str:
    return certificate_path(pathfile, COUNTRY, merchant_id, old)


def _address(pathfile: Pathfile, merchant_id: str) -> str:
    try:
        return read_certificate(pathfile, COUNTRY, merchant_id).payment_url
    except SecretError:
        return ""


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="installer.configure", description="Write the demonstration's configuration."
    )
    parser.add_argument("root", type=Path)
    parser.add_argument("--shop", default="http://127.0.0.1:8080", help="address of the shop")
    parser.add_argument("--payment", help=f"address of the payment server ({PAYMENT})")
    parser.add_argument(
        "--protocol",
        choices=[SIPS, PAYPAGE],
        help="protocol of the payments: sips (Sips 1.0) or paypage (Sips 2.0) (sips)",
    )
    parser.add_argument("--logos", default=LOGOS, help="path of the logos (%(default)s)")
    args = parser.parse_args()
    try:
        pathfile = prepare(
            args.root.resolve(), args.shop, args.payment or PAYMENT, args.protocol or SIPS, logos=args.logos
        )
    except KitError as error:
        sys.exit(f"install.sh: {error}")
    for line in differences(pathfile, args.shop, args.payment, args.protocol):
        print(line)


if __name__ == "__main__":
    main()
