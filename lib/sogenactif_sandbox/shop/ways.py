"""Ways to pay that the demonstration shop offers beside the scripts': 3-D Secure, three instalments, Paypage.

Each has the three scripts of its own, below its path: the order is the one of the shop's
``call_request.py``, with other parameters, and its outcome is recorded in the same database.
"""

import sqlite3
from collections.abc import Callable
from contextlib import closing

from sogenactif.configuration import Pathfile
from sogenactif.http import Application
from sogenactif.payment import PaymentResponse
from sogenactif.web import Order, call_autoresponse, call_request, call_response, dispatch

SECURE, THREE_TIMES, PAYPAGE = "3-d-secure", "three-times", "paypage"
ENROLLED = "014213245611112"
DAYS_BETWEEN = 30


def way_to_pay(
    way: str,
    address: str,
    order_to_pay: Callable[[str], Order | None],
    database: str,
    pathfile: Pathfile,
) -> Application:
    """Return the three scripts of a way to pay, at ``address``; ``database`` is the path of the shop's."""

    def order_of_way(reference: str) -> Order | None:
        order = order_to_pay(reference)
        if order is None:
            return None
        parameters = {
            **order.parameters,
            **_parameters(way, int(order.parameters["amount"])),
            "normal_return_url": f"{address}/call_response.py",
            "cancel_return_url": f"{address}/call_response.py",
            "automatic_response_url": f"{address}/call_autoresponse.py",
        }
        return Order(parameters, order.lines, order.paid)

    def record_outcome(response: PaymentResponse) -> None:
        _record(database, response)

    def next_page(response: PaymentResponse) -> str:
        return f"/order/{response['order_id']}"

    return dispatch(
        call_request=call_request(order_of_way, pathfile.path),
        call_response=call_response(next_page, record_outcome, pathfile.path),
        call_autoresponse=call_autoresponse(record_outcome, pathfile.path, f"{database}.log"),
    )


def _parameters(way: str, amount: int) -> dict[str, str]:
    if way == SECURE:
        return {"merchant_id": ENROLLED}
    if way == THREE_TIMES:
        first = amount - amount // 3 * 2
        schedule = f"NB_PAYMENT=3;PERIOD={DAYS_BETWEEN};INITIAL_AMOUNT={first}"
        return {"capture_mode": "PAYMENT_N", "capture_day": "0", "data": schedule}
    return {}


def _record(database: str, response: PaymentResponse) -> None:
    """Record an outcome in its order: a paid one stays paid. Raises LookupError if an acceptance pays no order."""
    reference = response["order_id"]
    with closing(sqlite3.connect(f"file:{database}?mode=rw", uri=True)) as shop, shop:
        shop.execute(
            "UPDATE orders SET state = ?, transaction_id = ? WHERE reference = ? AND amount = ? AND state <> 'accepted'",
            [response.outcome, response["transaction_id"], reference, int(response["amount"])],
        )
        paid = shop.execute("SELECT 1 FROM orders WHERE reference = ? AND state = 'accepted'", [reference])
        if response.outcome == "accepted" and not paid.fetchone():
            raise LookupError(f"a payment was accepted, and no order {reference} of this amount")
