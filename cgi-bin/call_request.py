#!/usr/bin/env python3
"""call_request: show a customer an order and the means of payment.

The function below is the shop's own part. Its example reads the orders of an SQLite database,
like that of the demonstration shop.
"""

import os
import sqlite3
import sys
from contextlib import closing

HERE = os.path.dirname(os.path.realpath(__file__))
ROOT = os.path.dirname(HERE)
sys.path[:0] = [f"{ROOT}/lib", f"{ROOT}/lib/packages"]

from sogenactif.web import Order, call_request, run_cgi

# The merchant of the bank's contract; call_autoresponse.py takes it from here.
MERCHANT_ID = "014213245611111"


def order_to_pay(reference: str) -> Order | None:
    """Return the amount and the lines of an order and whether it is paid, or None if there is no such order.

    The browser sends the reference only: look the amount up, never take it from the browser. The
    parameters are those of the guide; an amount is in cents and has 3 digits or more.
    """
    with closing(sqlite3.connect(f"file:{ROOT}/var/data/shop.db?mode=rw", uri=True)) as shop:
        order = shop.execute(
            "SELECT amount, language, state FROM orders WHERE reference = ?", [reference]
        ).fetchone()
        lines = shop.execute("SELECT title, amount FROM lines WHERE reference = ?", [reference]).fetchall()
    if order is None:
        return None
    amount, language, state = order
    parameters = {
        "merchant_id": MERCHANT_ID,
        "amount": f"{amount:03}",
        "order_id": reference,
        "language": language,
    }
    return Order(parameters, lines, paid=state == "accepted")


application = call_request(order_to_pay, pathfile=f"{HERE}/pathfile")

if __name__ == "__main__":
    run_cgi(application)
