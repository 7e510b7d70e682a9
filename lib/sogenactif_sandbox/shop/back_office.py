"""The demonstration shop's back office: one page that lists the paid orders and gives money back.

Refunds go through the kit, as a shop's own program would: to the Office server of OFFICE_URL, on Paypage.
"""

import hmac
import re
import secrets
from collections import deque
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import NamedTuple

from flask import Blueprint, Response, redirect, request
from flask.typing import ResponseReturnValue

from sogenactif.configuration import PAYPAGE, Pathfile
from sogenactif.errors import KitError, OfficeError, OperationRefused
from sogenactif.ledger import open_ledger
from sogenactif.ledger.history import transactions, transactions_by_number
from sogenactif.refunds import prepare, send, transaction_lock

PATH = "/back-office"
TOKEN = "back_office"
MAX_LISTED = 50
EUROS = re.compile(r"([0-9]{1,7})(?:[.,]([0-9]{2}))?")
REFERENCE = re.compile(r"([0-9]{8})-([0-9]{6})")


class Paid(NamedTuple):
    """Hold a paid order of the list; amounts are in cents, ``euros`` is what is left as a form writes it."""

    reference: str
    merchant_id: str
    order_id: str
    amount: int
    given_back: int
    left: int
    euros: str
    is_refundable: bool


def back_office(pathfile: Pathfile, page: Callable[..., Response]) -> Blueprint:
    """Return the routes of the back office of a pathfile's payments; ``page`` makes a page of the shop."""
    routes = Blueprint("back_office", __name__, url_prefix=PATH)

    def show(message: str = "", status: int = 200) -> Response:
        token = _token(request.cookies) or secrets.token_hex(16)
        response = page(
            "shop_back_office.html", paid=_paid_orders(pathfile), token=token, message=message, path=PATH
        )
        response.status_code = status
        # No other site may post here: it neither reads the cookie nor has it sent along.
        response.set_cookie(TOKEN, token, path=PATH, httponly=True, samesite="Strict")
        return response

    def refund() -> ResponseReturnValue:
        token, form = _token(request.cookies), request.form
        if not token or not hmac.compare_digest(token.encode(), form.get("token", "").encode()):
            return show("refund_stale", 403)
        amount = _cents(form.get("amount", ""))
        if not amount:
            return show("refund_no_amount", 400)
        try:
            is_current = _refund(
                pathfile,
                form.get("reference", ""),
                form.get("merchant", ""),
                form.get("given_back", ""),
                amount,
            )
        except OperationRefused:
            return show("refund_refused", 409)
        except OfficeError as error:
            return show("refund_unknown" if error.sent else "refund_unsent", 502)
        except KitError:
            return show("refund_unsent", 500)
        if not is_current:
            return show("refund_stale", 409)
        return redirect(PATH, 303)

    routes.add_url_rule("", "show", lambda: show())
    routes.add_url_rule("/refund", "refund", refund, methods=["POST"])
    return routes


def _paid_orders(pathfile: Pathfile) -> list[Paid]:
    """Return the latest accepted payments, the newest first; none if the ledger can't be read."""
    try:
        with open_ledger(pathfile) as ledger:
            accepted = transactions(ledger, state="accepted") if ledger else ()
            rows = deque(accepted, MAX_LISTED)
    except KitError:
        return []
    paid = []
    for row in reversed(rows):
        amount = int(row.fields["amount"])
        left = amount - row.given_back
        is_refundable = left > 0 and row.protocol == PAYPAGE and bool(pathfile.office_url)
        euros = f"{Decimal(left) / 100:.2f}"
        merchant_id = row.fields["merchant_id"]
        paid.append(
            Paid(row.reference, merchant_id, row.order_id, amount, row.given_back, left, euros, is_refundable)
        )
    return paid


def _refund(pathfile: Pathfile, reference: str, merchant_id: str, given_back: str, amount: int) -> bool:
    """Refund an amount in cents; return False without a refund if ``given_back`` differs from the ledger.

    So a form that is posted twice, or from a second window, refunds once. Raises KitError.
    """
    named = REFERENCE.fullmatch(reference)
    with open_ledger(pathfile) as ledger:
        rows = (
            transactions_by_number(ledger, named[1], named[2], merchant_id)
            if ledger and named and merchant_id
            else []
        )
        if not ledger or not named or len(rows) != 1:
            return False
        with transaction_lock(ledger, rows[0]):
            [current] = transactions_by_number(ledger, named[1], named[2], merchant_id)
            if given_back != str(current.given_back):
                return False
            prepared = prepare(ledger, pathfile, current, amount)
            if not prepared.done:
                send(ledger, pathfile, current, prepared)
    return True


def _token(cookies: Mapping[str, str]) -> str:
    token = cookies.get(TOKEN, "")
    return token if re.fullmatch("[0-9a-f]{32}", token) else ""


def _cents(text: str) -> int:
    """Return an amount that is written in euros as cents, 0 if it is none."""
    written = EUROS.fullmatch(text.strip()) if text.isascii() else None
    return int(written[1]) * 100 + int(written[2] or 0) if written else 0
