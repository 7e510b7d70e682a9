"""Serve a small shop on Django that reads Paypage's responses by itself: ``python shop.py runserver``.

``python shop.py reset`` puts the order A-1 of 12.50 into its database, unpaid.
"""

import hashlib
import hmac
import os
import sys
from html import escape
from pathlib import Path

import django
from django.conf import settings
from django.core.management import execute_from_command_line
from django.db import connection
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import path
from django.views.decorators.csrf import csrf_exempt

KEY = Path(os.environ["SIPS_KEY_FILE"]).read_text().strip()
ORDER, REFERENCE, CENTS, EURO = "A-1", "A1", 1250, "978"
settings.configure(
    ALLOWED_HOSTS=["127.0.0.1", "localhost"],
    DATABASES={
        "default": {
            "ENGINE": "django.db.backends.sqlite3",
            "NAME": Path(os.environ["SHOP_FOLDER"]) / "shop.db",
        }
    },
    ROOT_URLCONF=__name__,
    SECRET_KEY="of an example",
)
django.setup()


def seal(data: str) -> str:
    """Return the seal of Data."""
    return hmac.new(KEY.encode(), data.encode(), hashlib.sha256).hexdigest()


def pay(request: HttpRequest, reference: str) -> HttpResponse:
    """Show the form that leads to the payment page."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT number, cents FROM orders WHERE reference = %s", [reference])
        number, cents = cursor.fetchone()
    pairs = {
        "merchantId": os.environ["SIPS_MERCHANT"],
        "keyVersion": "1",
        "amount": cents,
        "currencyCode": EURO,
        "orderId": reference,
        "transactionReference": number,
        "paymentMeanBrandList": "CB",
        "normalReturnUrl": request.build_absolute_uri("/thanks"),
        "automaticResponseUrl": request.build_absolute_uri("/notify"),
    }
    data = "|".join(f"{key}={value}" for key, value in pairs.items())
    post = {"Data": data, "InterfaceVersion": "HP_3.4", "SealAlgorithm": "HMAC-SHA-256", "Seal": seal(data)}
    fields = "".join(
        f'<input type="hidden" name="{name}" value="{escape(value)}">' for name, value in post.items()
    )
    return HttpResponse(
        f'<form method="post" action="{os.environ["SIPS_URL"]}">{fields}<button>Pay</button></form>'
    )


@csrf_exempt  # the bank has no token of the shop's
def notify(request: HttpRequest) -> HttpResponse:
    """Receive the automatic response."""
    data = request.POST.get("Data", "")
    if not hmac.compare_digest(seal(data).encode(), request.POST.get("Seal", "").encode()):  # check: seal
        return HttpResponse("wrong seal", status=400)  # check: seal
    response = dict(pair.split("=", 1) for pair in data.split("|") if "=" in pair)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT reference, cents FROM orders WHERE number = %s", [response.get("transactionReference")]
        )
        row = cursor.fetchone()
        if row is None or response.get("responseCode") != "00":
            return HttpResponse("nothing is paid")
        reference, cents = row
        if response["orderId"] != reference:  # check: order
            return HttpResponse("another order", status=400)  # check: order
        if (response["amount"], response["currencyCode"]) != (str(cents), EURO):  # check: amount
            return HttpResponse("another amount", status=400)  # check: amount
        cursor.execute(
            "UPDATE orders SET paid = paid + 1 WHERE reference = %s"
            " AND paid = 0"  # check: once
            , [reference]
        )  # fmt: skip
        return HttpResponse("delivered" if cursor.rowcount else "paid already")


@csrf_exempt
def thanks(request: HttpRequest) -> HttpResponse:
    """Thank a customer who comes back; whether the order is paid, only the database knows."""
    return HttpResponse("Thank you")


def order(request: HttpRequest, reference: str) -> HttpResponse:
    """Return how often an order was paid."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT paid FROM orders WHERE reference = %s", [reference])
        return JsonResponse({"paid": cursor.fetchone()[0]})


urlpatterns = [
    path("pay/<reference>", pay),
    path("notify", notify),
    path("thanks", thanks),
    path("order/<reference>", order),
]


def reset() -> None:
    """Put the order into the database, unpaid."""
    with connection.cursor() as cursor:
        cursor.execute(
            "CREATE TABLE IF NOT EXISTS orders (reference TEXT PRIMARY KEY, number TEXT, cents INT, paid INT)"
        )
        cursor.execute("REPLACE INTO orders VALUES (%s, %s, %s, 0)", [ORDER, REFERENCE, CENTS])


if __name__ == "__main__":
    if sys.argv[1:] == ["reset"]:
        reset()
    else:
        execute_from_command_line(sys.argv)
