#!/usr/bin/env python3
"""call_response: shows a customer who comes back how the payment ended.

The function below is the shop's own part. What the outcome changes for the order is written
once, in call_autoresponse.py.
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
    """Where the button of the page leads: the shop's page of this order."""
    return f"/order/{quote(response['order_id'], errors='replace')}"


application = call_response(next_page, record_outcome, pathfile=f"{HERE}/pathfile")

if __name__ == "__main__":
    run_cgi(application)
