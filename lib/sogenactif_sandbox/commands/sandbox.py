"""``sogenactif sandbox``: serve a payment server for tests, with a merchant of its own and no configuration."""

import argparse
import logging
import signal
import sys
from collections.abc import Sequence
from pathlib import Path

from sogenactif.commands import new_parser
from sogenactif.commands.common import print_json
from sogenactif.commands.texts import labelled
from sogenactif.configuration import read_pathfile
from sogenactif.errors import KitError
from sogenactif_sandbox.commands.texts import say
from sogenactif_sandbox.default_merchant import DefaultMerchant, create_default_merchant, default_folder

PORTS = range(1, 65536)


def make_parser() -> argparse.ArgumentParser:
    """Return the parser of the command's arguments."""
    parser = new_parser(
        "sandbox",
        "Serve a payment server for tests until Ctrl-C. It creates a merchant on its first start, with a secret key for"
        " Paypage and a certificate for Sips 1.0, and prints both. Nothing is charged.",
        "0 once it is stopped, 1 if it can't start, 2 for a usage error.",
    )
    parser.add_argument(
        "--folder", type=Path, help="folder of merchant and payments (~/.local/state/sogenactif-sandbox)"
    )
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (%(default)s)")
    parser.add_argument("--port", type=int, default=8080, help="port (%(default)s)")
    parser.add_argument(
        "--name",
        metavar="HOST",
        help="name by which browsers and shops reach it, if it is not the address it listens on",
    )
    parser.add_argument(
        "--allow-host",
        action="append",
        metavar="HOST",
        help="a host to which automatic responses may go; may be repeated; without it, any host",
    )
    parser.add_argument(
        "--no-console", action="store_true", help="serve no console, because strangers can reach this server"
    )
    parser.add_argument("--prepare", action="store_true", help="create the merchant, print it, and exit")
    parser.add_argument("--json", action="store_true", help="print JSON")
    return parser


def main(arguments: Sequence[str]) -> int:
    """Run the command until it is stopped."""
    parser = make_parser()
    args = parser.parse_args(arguments)
    if args.port not in PORTS:
        parser.error(f"argument --port: invalid choice: {args.port} (choose from 1 to 65535)")
    name = args.name or ("127.0.0.1" if args.host in ("0.0.0.0", "::") else args.host)
    address = f"http://{name}:{args.port}/payment"
    try:
        merchant = create_default_merchant(args.folder or default_folder(), address)
    except (KitError, OSError) as error:
        return _fail(error)
    if args.prepare:
        _show(merchant, args.json)
        return 0
    try:
        # Loaded here: the merchant can be made where Flask isn't installed.
        from sogenactif_sandbox.server import PaymentServer
        from sogenactif_sandbox.serving import mounted, web_server

        logging.basicConfig(format="%(message)s")
        application = PaymentServer(
            read_pathfile(str(merchant.pathfile)),
            str(merchant.folder / "payments.db"),
            allowed_hosts=args.allow_host,
            console=not args.no_console,
        )
        server = web_server(mounted(application), host=args.host, port=args.port)
    except ModuleNotFoundError as error:
        return _fail(say("sandbox_package", package=error.name))
    except (KitError, OSError) as error:
        return _fail(error)
    _show(merchant, args.json)
    if not args.json:
        print(say("sandbox_ready", address=address), flush=True)
    # A shell that starts it in the background lets it ignore Ctrl-C; a container is stopped by SIGTERM.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        server.run()
    except KeyboardInterrupt:
        server.close()
    finally:
        application.close()
    return 0


def _fail(error: object) -> int:
    print(f"sogenactif: {say('sandbox_fails', error=error)}", file=sys.stderr)
    return 1


def _show(merchant: DefaultMerchant, as_json: bool) -> None:
    values = {
        "merchant": merchant.merchant_id,
        "key": merchant.key,
        "key_file": str(merchant.key_file),
        "certificate": str(merchant.certificate),
        "pathfile": str(merchant.pathfile),
        "paypage": f"{merchant.address}/paymentInit",
        "sips": f"{merchant.address}/callpayment",
        "console": f"{merchant.address}/console",
    }
    if as_json:
        print_json({"address": merchant.address, **values})
        sys.stdout.flush()
        return
    for name, value in values.items():
        print(labelled(say(f"sandbox_{name}"), value), flush=True)
