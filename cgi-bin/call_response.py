#!/usr/bin/env python3
"""call_response: show the outcome of the payment to a customer who comes back.

The function below is the shop's own part. The order is updated by record_outcome of
call_autoresponse.py, here too.
"""

import os
import sys
from urllib.parse import quote

HERE = os.path.dirname(os.path.realpath(__file__))
ROOT = os.path.dirname(HERE)
sys.path[:0] = [f"{ROOT}/lib", f"{ROOT}/lib/packages", HERE]

from call_autoresponse import record_outcome

from sogenactif.payment import PaymentResponse
from sogenactif.web import call_response, run_cgi


def next_page(response: PaymentResponse) -> str:
    """Return the address of the page's button: the shop's page of this order."""
    return f"/order/{quote(response['order_id'], errors='replace')}"


application = call_response(next_page, record_outcome, pathfile=f"{HERE}/pathfile")

if __name__ == "__main__":
    run_cgi(application)
