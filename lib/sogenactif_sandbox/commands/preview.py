"""``sogenactif preview``: show a page of the payment server with any template or style, without a payment.

``bin/sogenactif preview PAGE`` writes a page as a file that a browser opens from the disk.
"""

import argparse
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path

from sogenactif.commands import new_parser
from sogenactif.commands.texts import say
from sogenactif.configuration import SIPS
from sogenactif.fields import CALL
from sogenactif.files import ROOT
from sogenactif.instalments import Instalment, WrongSchedule, schedule
from sogenactif_sandbox import pages, rules, template
from sogenactif_sandbox.appearance import framed, make_appearance
from sogenactif_sandbox.merchants import Merchant
from sogenactif_sandbox.pages import Page, View
from sogenactif_sandbox.shop_files import CONTENT_TYPES, ShopFiles
from sogenactif_sandbox.switches import Switches
from sogenactif_sandbox.template import TemplateError
from sogenactif_sandbox.transactions import ENDED, Transaction

HERE = Path(__file__).parents[1]
TODAY = date(2026, 11, 23)
CARD = rules.Card("4974.00", "202812", "00", "1", "4D", False)
REQUEST = {
    "merchant_id": "014213245611111",
    "merchant_country": "fr",
    "transaction_id": "123456",
    "amount": "65000",
    "currency_code": "978",
    "language": "fr",
    "normal_return_url": "https://shop.example/accepted",
    "cancel_return_url": "https://shop.example/cancelled",
}
RESPONSE = {
    "response_code": rules.ACCEPTED,
    "payment_date": "20261123",
    "payment_time": "101500",
    "authorisation_id": "654321",
    "payment_certificate": "123456654321",
}
FAULTS = ("number", "expiry", "code")

# Each page by its name: the kind of template around it, and the function that makes it.
SHOWN: Mapping[str, tuple[str, Callable[[View], Page]]] = {
    "entry": (template.CAPTURE, lambda view: pages.entry(view, {}, TODAY, {})),
    "errors": (
        template.CAPTURE,
        lambda view: pages.entry(view, {}, TODAY, {"number": "4974"}, FAULTS, last_try=True),
    ),
    "information": (template.INFORMATION, pages.three_d_secure_redirect),
    "access-control": ("", lambda view: pages.three_d_secure(view, CARD)),
    "accepted": (template.ACCEPTED, pages.accepted),
    "refused": (template.REFUSED, lambda view: pages.refused(_with_code(view, rules.REFUSED))),
    "tries": (template.REFUSED, lambda view: pages.refused(_with_code(view, rules.TOO_MANY_TRIES))),
    "processed": ("", lambda view: pages.processed(_with_code(view, rules.REFUSED), {})),
    "pending": ("", pages.pending),
    "security": ("", lambda view: _error(view, "security", "red")),
    "invalid": ("", lambda view: _error(view, "invalid", "red")),
    "forbidden": ("", lambda view: _error(view, "forbidden", "green")),
}


class _FilesOnDisk(ShopFiles):
    """Find the installed files as a server does, at their addresses on this machine's disk."""

    def url(self, merchant_id: str, name: str) -> str:
        path = self.find(merchant_id, name)
        return path.as_uri() if path and path.suffix.lower() in CONTENT_TYPES else ""

    def base(self, merchant_id: str) -> str:
        if self.folder is None:
            return ""
        own = self.folder / merchant_id
        return f"{(own if own.is_dir() else self.folder).as_uri()}/"


def preview(
    page: str,
    fields: Mapping[str, str],
    template_file: Path | None = None,
    installed: Path | None = None,
    name: str = "Boutique de démonstration",
    means: str = "CB",
) -> bytes:
    """Return a page as HTML whose own files are on this machine's disk.

    ``page`` is a key of ``SHOWN``; ``fields`` are fields of a request that override the example's;
    ``template_file`` is a template to dress the page with, ``installed`` the folder of the shop's
    files, ``name`` the shop's, ``means`` the means of payment chosen. Raises TemplateError, and OSError if the template can't be read.
    """
    kind, show = SHOWN[page]
    request = {**REQUEST, **fields}
    files = _FilesOnDisk(installed.resolve() if installed else None, "")
    appearance = make_appearance(request, files, kind)
    if template_file:
        read = template.parse(template_file.read_bytes())
        appearance = framed(appearance, read, template_file.resolve().parent.as_uri() + "/")
    parts: tuple[Instalment, ...] = ()
    if request.get("capture_mode") == "PAYMENT_N":
        parts = schedule(
            int(request["amount"]), request.get("data", ""), int(request.get("capture_day", "0")), TODAY
        )
    view = View(
        transaction=Transaction(
            1,
            "preview",
            "20261123",
            ENDED,
            means,
            False,
            SIPS,
            {},
            request,
            0,
            CARD,
            RESPONSE,
            {},
            Switches(),
        ),
        merchant=Merchant(name),
        appearance=appearance,
        base=HERE.as_uri(),
        logos=Path(ROOT, "logos").as_uri() + "/",
        logo_type="svg",
        schedule=parts,
    )
    return show(view).html


def make_parser() -> argparse.ArgumentParser:
    """Return the parser of the command's arguments."""
    parser = new_parser(
        "preview", "Show any page of the payment server, with any template or style and without a payment."
    )
    parser.add_argument("page", choices=SHOWN, metavar="page", help=f"one of {', '.join(SHOWN)}")
    parser.add_argument("--template", type=Path, metavar="FILE", help="a template for the page")
    parser.add_argument("--installed", type=Path, metavar="FOLDER", help="the shop's logos and style sheets")
    parser.add_argument("--name", default="Boutique de démonstration", help="the shop's name")
    parser.add_argument("--output", type=Path, metavar="FILE", help="the file to write (the standard output)")
    parser.add_argument(
        "fields", nargs="*", metavar="field=value", help="fields of the request: language=en bgcolor=ffeecc"
    )
    return parser


def main(arguments: Sequence[str]) -> int:
    """Run the command; the exit status is 1 for a template that can't be used."""
    parser = make_parser()
    args = parser.parse_intermixed_args(arguments)
    fields = dict(field.partition("=")[::2] for field in args.fields)
    for name in fields:
        if name not in CALL:
            parser.error(say("preview_no_field", field=name))
    try:
        html = preview(args.page, fields, args.template, args.installed, args.name)
    except TemplateError as error:
        for fault in error.faults:
            print(f"{args.template or fields.get('templatefile')}: {fault}", file=sys.stderr)
        return 1
    except WrongSchedule:
        parser.error(say("preview_no_schedule"))
    except OSError as error:
        parser.error(f"{error.filename}: {error.strerror}")
    if args.output:
        args.output.write_bytes(html)
    else:
        sys.stdout.buffer.write(html)
    return 0


def _with_code(view: View, code: str) -> View:
    return replace(view, transaction=replace(view.transaction, response={**RESPONSE, "response_code": code}))


def _error(view: View, reason: str, colours: str) -> Page:
    parameter = {"invalid": "currency_code", "forbidden": "order_id"}.get(reason, "")
    return pages.error(view.base, view.transaction.request["language"], reason, parameter, colours)
