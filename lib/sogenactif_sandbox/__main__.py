"""Serves the payment server alone: ``python -m sogenactif_sandbox --pathfile FILE``, until Ctrl-C."""

import argparse
import json
import logging
import sys
from pathlib import Path

from waitress.server import create_server

from sogenactif.configuration import read_pathfile
from sogenactif.errors import KitError
from sogenactif_sandbox.merchants import DEMONSTRATION, Merchant
from sogenactif_sandbox.running import LARGEST_BODY, mounted
from sogenactif_sandbox.server import EXAMPLES, PaymentServer


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="install.sh payment", description="Serve the payment server alone, until Ctrl-C."
    )
    parser.add_argument("--pathfile", required=True, help="the pathfile that finds the certificates")
    parser.add_argument("--database", default="payment.db", help="SQLite file (payment.db)")
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (127.0.0.1)")
    parser.add_argument("--port", type=int, default=8080, help="port (8080)")
    parser.add_argument(
        "--installed", default=EXAMPLES, help="folder of the shops' logos, style sheets and templates"
    )
    parser.add_argument(
        "--merchants",
        type=Path,
        help='JSON file of the merchants known by name: {"014213245611111": {"name": "My shop", "enrolled": true}}',
    )
    parser.add_argument(
        "--allow-host",
        action="append",
        metavar="HOST",
        help="a host that automatic responses may be sent to; may be repeated; any without it",
    )
    parser.add_argument("--no-console", action="store_true", help="strangers reach this server: no console")
    arguments = parser.parse_args()
    logging.basicConfig(format="%(message)s")
    try:
        merchants = dict(DEMONSTRATION)
        if arguments.merchants:
            for number, values in json.loads(arguments.merchants.read_text()).items():
                merchants[number] = Merchant(**values)
        application = PaymentServer(
            read_pathfile(arguments.pathfile),
            arguments.database,
            merchants=merchants,
            installed=arguments.installed,
            allowed_hosts=arguments.allow_host,
            console=not arguments.no_console,
        )
        server = create_server(
            mounted(application),
            host=arguments.host,
            port=arguments.port,
            threads=16,
            max_request_body_size=LARGEST_BODY,
        )
    except (KitError, OSError, ValueError, TypeError, AttributeError) as error:
        sys.exit(f"The payment server can't start: {error}")
    print(
        f"The payment server is at http://{arguments.host}:{arguments.port}/payment; Ctrl-C stops it.",
        flush=True,
    )
    try:
        server.run()
    except KeyboardInterrupt:
        server.close()
    finally:
        application.close()


if __name__ == "__main__":
    main()
