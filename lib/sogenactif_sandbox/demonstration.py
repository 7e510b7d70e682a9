"""Serve the demonstration: shop, kit and payment server on one address, until Ctrl-C."""

import argparse
import importlib.util
import logging
import os
import signal
import socket
import sys
from dataclasses import replace
from pathlib import Path
from types import ModuleType

from werkzeug.middleware.dispatcher import DispatcherMiddleware

from installer.configure import move, paypage_beside, prepare
from sogenactif.configuration import PAYPAGE, SIPS
from sogenactif.http import Application
from sogenactif_sandbox.automatic_response import refused_port
from sogenactif_sandbox.merchants import DEMONSTRATION, Merchants
from sogenactif_sandbox.rules import PAYPAGE_CARDS, SIPS_CARDS
from sogenactif_sandbox.server import PaymentServer
from sogenactif_sandbox.serving import web_server
from sogenactif_sandbox.shop import WAYS, Shop
from sogenactif_sandbox.shop.ways import PAYPAGE as PAYPAGE_WAY
from sogenactif_sandbox.shop.ways import SECURE, THREE_TIMES, way_to_pay

SHOP_NAME = "La Théière"
SCRIPTS = ("call_autoresponse", "call_request", "call_response")


def demonstration(root: Path, address: str, protocol: str = SIPS, bank_ports: bool = False) -> Application:
    """Return the whole demonstration as one application, for a server at ``address`` (``http://127.0.0.1:8080``)."""
    pathfile = prepare(root, address, f"{address}/payment", protocol, name=SHOP_NAME)
    pathfile = move(pathfile, address, f"{address}/payment", protocol)
    data = root / "var" / "data"
    database = str(data / "shop.db")
    scripts = {name: _script(root / "cgi-bin" / f"{name}.py") for name in SCRIPTS}
    both = paypage_beside(pathfile, f"{address}/payment")
    pathfiles = {THREE_TIMES: pathfile}
    if protocol == SIPS:  # on Paypage every card has 3-D Secure
        pathfiles = {SECURE: pathfile, THREE_TIMES: pathfile, PAYPAGE_WAY: both}
    ways = {
        f"{WAYS}{way}": way_to_pay(
            way, f"{address}{WAYS}{way}", scripts["call_request"].order_to_pay, database, own
        )
        for way, own in pathfiles.items()
    }
    server = PaymentServer(
        both, str(data / "payment.db"), merchants=_named(pathfile.shop_name), bank_ports=bank_ports
    )
    return DispatcherMiddleware(
        Shop(database, pathfile, list(pathfiles), refunds=both),
        {
            "/payment": server,
            **{f"/cgi-bin/{name}.py": script.application for name, script in scripts.items()},
            **ways,
        },
    )


def _named(shop_name: str) -> Merchants:
    """Return the demonstration's merchants under the name of its shop."""
    return {number: replace(known, name=shop_name or known.name) for number, known in DEMONSTRATION.items()}


def _script(path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec and spec.loader, path
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _port(text: str) -> int:
    try:
        port = int(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text} is no port: they are 1 to 65535") from None
    if not 0 < port < 65536:
        raise argparse.ArgumentTypeError(f"{port} is no port: they are 1 to 65535")
    return port


def main() -> None:
    parser = argparse.ArgumentParser(prog="install.sh demo", description="Serve the demonstration.")
    parser.add_argument("--port", type=_port, default=8080, help="port on 127.0.0.1 (8080)")
    parser.add_argument(
        "--bank-ports", action="store_true", help="refuse ports other than 80 to 9999, as the bank does"
    )
    parser.add_argument("--root", type=Path, default=Path(__file__).parents[2], help=argparse.SUPPRESS)
    parser.add_argument(
        "--protocol",
        default=SIPS,
        choices=[SIPS, PAYPAGE],
        help="protocol of the shop: sips (Sips 1.0) or paypage (Sips 2.0) (sips)",
    )
    arguments = parser.parse_args()
    if arguments.bank_ports and (refusal := refused_port(arguments.port)):
        parser.error(f"argument --port: {refusal}")
    address = f"http://127.0.0.1:{arguments.port}"
    logging.basicConfig(format="%(message)s")
    try:
        # Before anything is written: a demonstration that runs already keeps its configuration.
        listening = socket.create_server(("127.0.0.1", arguments.port))
    except OSError as error:
        sys.exit(
            f"Port {arguments.port} can't be served ({os.strerror(error.errno or 0)}): choose another with --port."
        )
    application = demonstration(arguments.root.resolve(), address, arguments.protocol, arguments.bank_ports)
    server = web_server(application, sockets=[listening])
    cards = PAYPAGE_CARDS if arguments.protocol == PAYPAGE else SIPS_CARDS
    accepted, refused = (cards[result].replace(" ", "") for result in ("accepted", "refused"))
    print(
        f"The shop is at {address}/ and the payment server at {address}/payment; Ctrl-C stops them.",
        flush=True,
    )
    print(
        f"Cards: {accepted} is accepted, {refused} refused; any expiry date to come, code 600.\n"
        f"Console, with what the payment server received and sent: {address}/payment/console",
        flush=True,
    )
    # A shell that starts it in the background lets it ignore this.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        server.run()
    except KeyboardInterrupt:
        server.close()


if __name__ == "__main__":
    main()
