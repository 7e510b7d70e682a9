"""``sogenactif migrate``: a pathfile for today's server, written beside the guide's, and what changes."""

import argparse
import os
import sys
from collections.abc import Iterator, Sequence
from glob import escape, glob

from sogenactif.commands import new_parser
from sogenactif.configuration import Pathfile, read_parameters, read_pathfile
from sogenactif.errors import KitError
from sogenactif.fields import FIELDS, to_bytes, to_text
from sogenactif.files import read_file
from sogenactif.instalments import is_digits
from sogenactif.protocols.paypage_fields import CHANGED, without_counterpart

SERVERS = {
    "production": "https://payment-webinit.sogenactif.com/paymentInit",
    "test": "https://payment-webinit.simu.sogenactif.com/paymentInit",
}
KEYWORDS = {field.name: field.keyword for field in FIELDS}


def make_parser() -> argparse.ArgumentParser:
    """What the command takes."""
    parser = new_parser(
        "migrate",
        "Write a pathfile for today's server beside the guide's, and say what changes. Scripts,"
        " parmcom files and certificates are left as they are: they serve both.",
    )
    parser.add_argument("pathfile", help="pathfile of the guide's protocol")
    parser.add_argument("--output", help="the new pathfile (PATHFILE.paypage)")
    parser.add_argument("--server", default="test", choices=SERVERS, help="which of the bank's (%(default)s)")
    parser.add_argument("--url", help="address of another one, up to /paymentInit")
    parser.add_argument("--key", metavar="FILE", help="where secret keys are, .merchant_id is added")
    return parser


def main(arguments: Sequence[str]) -> int:
    """Write the new pathfile and print the report; status 1 where it can't be written."""
    asked = make_parser().parse_args(arguments)
    output = asked.output or f"{asked.pathfile}.paypage"
    try:
        pathfile = read_pathfile(asked.pathfile)
        if pathfile["PROTOCOL"] == "paypage":
            sys.exit(f"sogenactif: {asked.pathfile} speaks to today's server already")
        key = asked.key or os.path.join(os.path.dirname(pathfile["F_CERTIFICATE"]), "key")
        report = list(_report(pathfile, key))
        _write(pathfile, output, asked.url or SERVERS[asked.server], key)
    except FileExistsError:
        sys.exit(f"sogenactif: {output} is there already; name another with --output")
    except (KitError, OSError) as error:
        sys.exit(f"sogenactif: {error}")
    print(f"Written: {output}")
    for line in report:
        print("".join(c if c.isprintable() else "?" for c in line))
    return 0


def _write(pathfile: Pathfile, output: str, url: str, key: str) -> None:
    """The new pathfile: the old one's lines, then the keywords of today's server."""
    lines = [line for line in read_file(pathfile.path).split(b"\n") if not line.startswith(b"PROTOCOL!")]
    content = b"\n".join(lines).rstrip(b"\r\n")
    said = f"# Today's server.\nPROTOCOL!paypage!\nPAYPAGE_URL!{url}!\nPAYPAGE_KEY!{key}!\nPAYPAGE_KEY_VERSION!1!\n"
    mode = os.stat(pathfile.path).st_mode & 0o777
    with open(os.open(output, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "wb") as file:
        file.write(content + b"\n" + to_bytes(said))


def _report(pathfile: Pathfile, key: str) -> Iterator[str]:
    beside = map(to_text, glob(to_bytes(escape(pathfile["F_PARAM"]) + ".*")))
    endings = (path.removeprefix(f"{pathfile['F_PARAM']}.") for path in beside)
    merchants = sorted(ending for ending in endings if is_digits(ending))
    yield ""
    yield "To do:"
    for merchant_id in merchants:
        yield f"  put the secret key of {merchant_id} in {key}.{merchant_id} (one line, mode 640 or less)"
    if not pathfile["LEDGER"]:
        yield "  name a LEDGER: without one caddie, language and customer_email don't come back"
    yield "  scripts that call response: give message= the whole body of the post, not DATA alone"
    yield "  F_CERTIFICATE and the certificates stay while payments of before may still be answered"
    files = [("default", pathfile["F_DEFAULT"])]
    files += [
        ("merchant", f"{pathfile['F_PARAM']}.{merchant_id}") for merchant_id in merchants if merchant_id
    ]
    changes = CHANGED | dict.fromkeys(without_counterpart(), "no counterpart: not sent")
    for whose, path in files:
        yield ""
        yield f"{path}:"
        fields = read_parameters(whose, path)
        found = [name for name in fields if name in changes and fields[name]]
        for name in found:
            yield f"  {KEYWORDS[name]}!{fields[name]}!: {changes[name]}"
        if not found:
            yield "  nothing changes"
    yield ""
    yield "Parameters that a call may give:"
    for name in sorted(changes):
        yield f"  {name}: {changes[name]}"
