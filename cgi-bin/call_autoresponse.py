#!/usr/bin/env python3
"""call_autoresponse: receive the automatic response of the payment server.

The function below is the shop's own part. Its example updates the orders of an SQLite database,
like that of the demonstration shop. Each response is appended to var/data/autoresponse.log.
"""

import os
import sqlite3
import sys
from contextlib import closing

HERE = os.path.dirname(os.path.realpath(__file__))
ROOT = os.path.dirname(HERE)
sys.path[:0] = [f"{ROOT}/lib", f"{ROOT}/lib/packages", HERE]

from call_request import MERCHANT_ID

from sogenactif.payment import PaymentResponse
from sogenactif.web import call_autoresponse, run_cgi


def record_outcome(response: PaymentResponse) -> None:
    """Record the outcome of a payment (accepted, refused or cancelled) in its order.

    An outcome may arrive twice, and a refusal before an acceptance: a paid order stays paid, and
    only the amount that call_request.py requested pays it. Raise an exception if a payment was
    accepted and its order isn't paid: it is logged, and the kit notifies again until it succeeds.
    """
    reference = response["order_id"]
    ours = (response["merchant_id"], response["currency_code"]) == (MERCHANT_ID, "978")
    with closing(sqlite3.connect(f"file:{ROOT}/var/data/shop.db?mode=rw", uri=True)) as shop, shop:
        if ours:
            shop.execute(
                "UPDATE orders SET state = ?, transaction_id = ?"
                " WHERE reference = ? AND amount = ? AND state <> 'accepted'",
                [response.outcome, response["transaction_id"], reference, int(response["amount"])],
            )
        paid = shop.execute("SELECT 1 FROM orders WHERE reference = ? AND state = 'accepted'", [reference])
        if response.outcome == "accepted" and not paid.fetchone():
            raise LookupError(
                f"a payment was accepted, and no order {reference} of this merchant, amount and currency"
            )


application = call_autoresponse(
    record_outcome, pathfile=f"{HERE}/pathfile", log=f"{ROOT}/var/data/autoresponse.log"
)

if __name__ == "__main__":
    run_cgi(application)
