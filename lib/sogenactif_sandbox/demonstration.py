"""Serves the demonstration: shop, kit and payment server on one address, until Ctrl-C."""

import argparse
import importlib.util
import logging
import os
import re
import socket
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from waitress.server import create_server

from installer.configure import PAYPAGE, SIPS, move, prepare
from sogenactif.http import Application, Environ, send
from sogenactif_sandbox.automatic import PORTS
from sogenactif_sandbox.running import LARGEST_BODY
from sogenactif_sandbox.server import PaymentServer
from sogenactif_sandbox.shop import Shop

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse

LOGO = re.compile(r"/logos/([A-Za-z0-9_]+\.svg)")


def demonstration(root: Path, address: str, protocol: str = SIPS) -> Application:
    """The whole demonstration as one application, for a server at ``address`` (``http://127.0.0.1:8080``)."""
    pathfile = prepare(root, address, f"{address}/payment", protocol)
    pathfile = move(pathfile, address, f"{address}/payment", protocol)
    data = root / "var" / "data"
    mounted = {
        f"/cgi-bin/{name}.py": _script(root / "cgi-bin" / f"{name}.py")
        for name in ("call_autoresponse", "call_request", "call_response")
    }
    shop = Shop(str(data / "shop.db"), pathfile)
    payment = PaymentServer(pathfile, str(data / "payment.db"))

    def application(environ: Environ, start_response: "StartResponse") -> Iterable[bytes]:
        path = environ.get("PATH_INFO", "")
        logo = LOGO.fullmatch(path)
        if logo and (root / "logos" / logo[1]).is_file():
            return send(start_response, 200, (root / "logos" / logo[1]).read_bytes(), "image/svg+xml", [])
        if path in mounted:
            return mounted[path]({**environ, "SCRIPT_NAME": path, "PATH_INFO": ""}, start_response)
        if path == "/payment" or path.startswith("/payment/"):
            return payment({**environ, "SCRIPT_NAME": "/payment", "PATH_INFO": path[8:]}, start_response)
        return shop(environ, start_response)

    return application


def _script(path: Path) -> Application:
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec and spec.loader, path
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    application: Application = module.application
    return application


def _port(text: str) -> int:
    port = int(text)
    if port not in PORTS:
        raise ValueError
    return port


def main() -> None:
    parser = argparse.ArgumentParser(prog="install.sh demo", description="Serve the demonstration.")
    parser.add_argument("--port", type=_port, default=8080, help="port on 127.0.0.1, 80 to 9999 (8080)")
    parser.add_argument("--root", type=Path, default=Path(__file__).parents[2], help=argparse.SUPPRESS)
    parser.add_argument(
        "--protocol",
        default=SIPS,
        choices=[SIPS, PAYPAGE],
        help="the guide's message, or that of today's server (sips)",
    )
    arguments = parser.parse_args()
    address = f"http://127.0.0.1:{arguments.port}"
    logging.basicConfig(format="%(message)s")
    try:
        # Before anything is written: a demonstration that runs already keeps its configuration.
        listening = socket.create_server(("127.0.0.1", arguments.port))
    except OSError as error:
        sys.exit(
            f"Port {arguments.port} can't be served ({os.strerror(error.errno or 0)}): choose another with --port."
        )
    application = demonstration(arguments.root.resolve(), address, arguments.protocol)
    server = create_server(application, sockets=[listening], threads=16, max_request_body_size=LARGEST_BODY)
    print(
        f"The shop is at {address}/ and the payment server at {address}/payment; Ctrl-C stops them.",
        flush=True,
    )
    print(
        "Cards: 4974934125497800 is accepted, 4972187615205 refused; any expiry to come, code 600.",
        flush=True,
    )
    try:
        server.run()
    except KeyboardInterrupt:
        server.close()


if __name__ == "__main__":
    main()
