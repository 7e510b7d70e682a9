"""``sogenactif paypage``: write a configuration for Paypage (Sips 2.0) where there is none."""

import argparse
import os
import secrets
import sys
from collections.abc import Sequence
from urllib.parse import urlsplit

from sogenactif.addresses import PAYPAGE_HOSTS, PORTS, is_safe_address, is_shop_address
from sogenactif.commands import new_parser
from sogenactif.commands.common import error_message, print_json
from sogenactif.commands.texts import say
from sogenactif.configuration import CHOICES
from sogenactif.fields import MAX_LENGTH, is_digits
from sogenactif.files import make_private_folder, write_secret

# The platform's public test shops, and how each gets its transaction numbers (PAYPAGE_REFERENCE).
TEST_SHOPS = {
    "002001000000001": "transactionReference",
    "002001000000002": "server",
    "002001000000003": "transactionId",
    "002001000000004": "server",
    "002016000000001": "transactionReference",
}
DEFAULT_TEST_SHOP, TEST_SHOP_OF = "002001000000003", {"sherlocks": "002016000000001"}
MAX_PORTION = 10000
PATHFILE = """\
# Paypage (Sips 2.0). @HERE@ is the folder of this file.
PROTOCOL!paypage!
PAYPAGE_URL!{url}!
PAYPAGE_KEY!@HERE@/key!
PAYPAGE_KEY_VERSION!1!
PAYPAGE_REFERENCE!{reference}!
# YES shows every parameter of a payment on the pages: never in production.
DEBUG!NO!
# The logos: their path on the web server, without the host, and their extension.
D_LOGO!/logos/!
LOGO_TYPE!svg!
# Parameters of all shops, and of each shop (.merchant_id is appended).
F_DEFAULT!@HERE@/parmcom.sogenactif!
F_PARAM!@HERE@/parmcom!
# The web server's user must own this folder.
LEDGER!sqlite:///@HERE@/data/ledger.db!
"""
NUMBERS = """\
# Many people use this test shop: a range of transaction numbers of your own avoids 94 (already used).
NUMBERS!{first}-{last}!
"""
COMMON = """\
# Parameters common to all shops
CURRENCY!978!
LANGUAGE!fr!
MERCHANT_COUNTRY!fr!
PAYMENT_MEANS!CB,1,VISA,1,MASTERCARD,1!
"""
OF_MERCHANT = """\
RETURN_URL!{shop}/cgi-bin/call_response.py!
AUTO_RESPONSE_URL!{shop}/cgi-bin/call_autoresponse.py!
"""


def add_server_options(parser: argparse.ArgumentParser) -> None:
    """Add the options that choose a payment server."""
    parser.add_argument(
        "--brand", default="sogenactif", choices=PAYPAGE_HOSTS, help="the platform's brand (%(default)s)"
    )
    parser.add_argument(
        "--server", default="test", choices=("test", "production"), help="which of its servers (%(default)s)"
    )
    parser.add_argument("--url", help="address of another server, up to /paymentInit")


def server_address(parser: argparse.ArgumentParser, args: argparse.Namespace) -> str:
    """Return the address that ``add_server_options`` chose; a usage error ends the program."""
    if args.url:
        if not is_safe_address(args.url):
            parser.error(say("no_web_address", text=args.url))
        return str(args.url)
    return f"https://{PAYPAGE_HOSTS[args.brand][args.server]}/paymentInit"


def make_parser() -> argparse.ArgumentParser:
    """Return the parser of the command's arguments."""
    parser = new_parser(
        "paypage",
        "Write a configuration for Paypage (Sips 2.0): pathfile, parmcom files and the file of the secret key."
        " Without --merchant it is that of a public test shop, whose key is published and whose payments"
        " charge nobody.",
    )
    parser.add_argument("folder", help="folder of the configuration; it is created if it is missing")
    parser.add_argument("--shop", required=True, help="address of the shop, such as https://shop.example")
    add_server_options(parser)
    parser.add_argument("--merchant", metavar="ID", help="merchant_id (a public test shop)")
    parser.add_argument(
        "--reference",
        choices=CHOICES["PAYPAGE_REFERENCE"],
        help="how the shop's transactions are numbered (transactionId; for a test shop, its own mode)",
    )
    parser.add_argument("--json", action="store_true", help="print JSON")
    return parser


def main(arguments: Sequence[str]) -> int:
    """Write the configuration and say what is left to do; status 1 if it can't be written, 2 for a usage error."""
    parser = make_parser()
    args = parser.parse_args(arguments)
    url = server_address(parser, args)
    shop = args.shop.rstrip("/")
    _check_shop(parser, shop)
    merchant = args.merchant or TEST_SHOP_OF.get(args.brand, DEFAULT_TEST_SHOP)
    if not is_digits(merchant) or len(merchant) > MAX_LENGTH["merchant_id"]:
        parser.error(say("paypage_no_merchant", merchant=merchant, most=MAX_LENGTH["merchant_id"]))
    is_test_shop = merchant in TEST_SHOPS
    if is_test_shop and args.server == "production" and not args.url:
        parser.error(say("paypage_is_test_shop", merchant=merchant))
    reference = args.reference or TEST_SHOPS.get(merchant, "transactionId")
    pathfile = PATHFILE.format(url=url, reference=reference)
    if is_test_shop:
        first = secrets.randbelow(98) * MAX_PORTION + MAX_PORTION
        pathfile += NUMBERS.format(first=first, last=first + MAX_PORTION - 1)
    files = {
        f"key.{merchant}": f"{merchant}_KEY1\n" if is_test_shop else "",
        "parmcom.sogenactif": COMMON,
        f"parmcom.{merchant}": OF_MERCHANT.format(shop=shop),
        "pathfile": pathfile,
    }
    written = [os.path.join(args.folder, name) for name in files]
    for path in filter(os.path.lexists, written):
        sys.exit(f"sogenactif: {say('paypage_exists', path=path)}")
    try:
        os.makedirs(args.folder, mode=0o750, exist_ok=True)
        make_private_folder(os.path.join(args.folder, "data"))
        for path, content in zip(written, files.values(), strict=True):
            write_secret(path, content.encode(), as_folder=True)
    except OSError as error:
        sys.exit(f"sogenactif: {error_message(error)}")
    key, place = os.path.join(args.folder, f"key.{merchant}"), os.path.join(args.folder, "pathfile")
    to_do = [] if is_test_shop else [say("paypage_key", merchant=merchant, path=key)]
    to_do += [
        say("paypage_data", path=os.path.join(args.folder, "data")),
        say("paypage_pathfile", path=os.path.abspath(place)),
        say("paypage_check", path=place, shop=shop),
    ]
    if is_test_shop:
        to_do.append(say("paypage_test_shop", merchant=merchant, url=url))
    if args.json:
        report = {"merchant_id": merchant, "url": url, "reference": reference}
        print_json({"written": written, **report, "to_do": to_do})
    else:
        for path in written:
            print(say("migrate_written", path=path))
        print(f"\n{say('migrate_to_do')}")
        for line in to_do:
            print(f"  {line}")
    return 0


def _check_shop(parser: argparse.ArgumentParser, shop: str) -> None:
    """End with a usage error for an address under which the platform can't call the shop."""
    if not is_shop_address(shop):
        parser.error(say("paypage_no_shop", shop=shop))
    if urlsplit(shop).port not in (None, *PORTS):
        parser.error(say("paypage_no_port", shop=shop, first=PORTS[0], last=PORTS[-1]))
