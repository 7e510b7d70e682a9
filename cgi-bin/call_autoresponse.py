#!/usr/bin/env python3
"""call_autoresponse: receives the response of the bank's own server.

The function below is the shop's own part. Its example updates the orders of an SQLite database,
as the demonstration's shop keeps them. What arrived is appended to var/data/autoresponse.log.
"""

import os
import sqlite3
import sys
from contextlib import closing

HERE = os.path.dirname(os.path.realpath(__file__))
ROOT = os.path.dirname(HERE)
sys.path[:0] = [f"{ROOT}/lib", f"{ROOT}/lib/packages"]

from sogenactif.payment import PaymentResponse
from sogenactif.web import call_autoresponse, run_cgi


def record_outcome(response: PaymentResponse) -> None:
    """What the outcome of a payment (accepted, refused or cancelled) changes for its order.

    It may come twice, and a refusal before an acceptance: an order that is paid stays paid, and
    only what call_request.py asked for it pays it.
    """
    if (response["merchant_id"], response["currency_code"]) != ("014213245611111", "978"):
        return
    with closing(sqlite3.connect(f"file:{ROOT}/var/data/shop.db?mode=rw", uri=True)) as shop, shop:
        shop.execute(
            "UPDATE orders SET state = ?, transaction_id = ?"
            " WHERE reference = ? AND amount = ? AND state <> 'accepted'",
            [response.outcome, response["transaction_id"], response["order_id"], int(response["amount"])],
        )


application = call_autoresponse(
    record_outcome, pathfile=f"{HERE}/pathfile", log=f"{ROOT}/var/data/autoresponse.log"
)

if __name__ == "__main__":
    run_cgi(application)
