"""Serve the payment server alone: ``python -m sogenactif_sandbox --pathfile FILE``, until Ctrl-C."""

import argparse
import json
import logging
import sys
from pathlib import Path

from sogenactif.configuration import read_pathfile
from sogenactif.errors import KitError
from sogenactif.files import PACKAGE, ROOT
from sogenactif_sandbox.commands.texts import say
from sogenactif_sandbox.default_merchant import default_folder
from sogenactif_sandbox.merchants import DEMONSTRATION, Merchant


def main() -> None:
    """Serve the payment server as the arguments of this process say; a missing dependency ends with a sentence."""
    is_package = ROOT == PACKAGE
    program = "sogenactif-sandbox" if is_package else "install.sh payment"
    try:
        # Loaded here: without the extra "sandbox" of the package there is no Flask.
        from sogenactif_sandbox.server import EXAMPLES, PaymentServer
        from sogenactif_sandbox.serving import mounted, web_server
    except ModuleNotFoundError as error:
        sys.exit(f"{program}: {say('sandbox_package', package=error.name)}")
    folder = default_folder() if is_package else Path(ROOT, "var", "data")
    parser = argparse.ArgumentParser(
        prog=program, description="Serve the payment server alone, until Ctrl-C."
    )
    parser.add_argument("--pathfile", required=True, help="the pathfile that finds the certificates")
    parser.add_argument(
        "--database", type=Path, default=folder / "payment-server.db", help="SQLite file (%(default)s)"
    )
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
        help="a host to which automatic responses may go; may be repeated; without it, any host",
    )
    parser.add_argument(
        "--bank-ports",
        action="store_true",
        help="automatic responses go to ports 80 to 9999 only, as the bank's do",
    )
    parser.add_argument(
        "--no-console", action="store_true", help="serve no console, because strangers can reach this server"
    )
    arguments = parser.parse_args()
    logging.basicConfig(format="%(message)s")
    try:
        if arguments.database.parent == folder:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        merchants = dict(DEMONSTRATION)
        if arguments.merchants:
            for number, values in json.loads(arguments.merchants.read_text()).items():
                merchants[number] = Merchant(**values)
        application = PaymentServer(
            read_pathfile(arguments.pathfile),
            str(arguments.database),
            merchants=merchants,
            shop_files=arguments.installed,
            allowed_hosts=arguments.allow_host,
            console=not arguments.no_console,
            bank_ports=arguments.bank_ports,
        )
        server = web_server(mounted(application), host=arguments.host, port=arguments.port)
    except (KitError, OSError, ValueError, TypeError, AttributeError) as error:
        sys.exit(f"The payment server can't start: {error}")
    if not arguments.no_console:
        print(f"Console: http://{arguments.host}:{arguments.port}/payment/console", flush=True)
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
