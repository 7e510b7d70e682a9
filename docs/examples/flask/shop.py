"""Serve a small shop on Flask that reads Paypage's responses by itself: ``flask --app shop run``.

``python shop.py`` puts the order A-1 of 12.50 into its database, unpaid.
"""

import hashlib
import hmac
import os
import sqlite3
from html import escape
from pathlib import Path

from flask import Flask, request

app = Flask(__name__)
KEY = Path(os.environ["SIPS_KEY_FILE"]).read_text().strip()
ORDER, REFERENCE, CENTS, EURO = "A-1", "A1", 1250, "978"


def connect() -> sqlite3.Connection:
    """Return the database of orders."""
    database = sqlite3.connect(Path(os.environ["SHOP_FOLDER"]) / "shop.db", isolation_level=None)
    database.execute(
        "CREATE TABLE IF NOT EXISTS orders (reference TEXT PRIMARY KEY, number TEXT, cents INT, paid INT DEFAULT 0)"
    )
    return database


def seal(data: str) -> str:
    """Return the seal of Data."""
    return hmac.new(KEY.encode(), data.encode(), hashlib.sha256).hexdigest()


@app.get("/pay/<reference>")
def pay(reference: str) -> str:
    """Show the form that leads to the payment page."""
    number, cents = (
        connect().execute("SELECT number, cents FROM orders WHERE reference = ?", (reference,)).fetchone()
    )
    shop, url = request.host_url, os.environ["SIPS_URL"]
    pairs = {
        "merchantId": os.environ["SIPS_MERCHANT"],
        "keyVersion": "1",
        "amount": cents,
        "currencyCode": EURO,
        "orderId": reference,
        "transactionReference": number,
        "paymentMeanBrandList": "CB",
        "normalReturnUrl": f"{shop}thanks",
        "automaticResponseUrl": f"{shop}notify",
    }
    data = "|".join(f"{key}={value}" for key, value in pairs.items())
    post = {"Data": data, "InterfaceVersion": "HP_3.4", "SealAlgorithm": "HMAC-SHA-256", "Seal": seal(data)}
    fields = "".join(
        f'<input type="hidden" name="{name}" value="{escape(value)}">' for name, value in post.items()
    )
    return f'<form method="post" action="{url}">{fields}<button>Pay</button></form>'


@app.post("/notify")
def notify() -> tuple[str, int]:
    """Receive the automatic response."""
    data = request.form.get("Data", "")
    if not hmac.compare_digest(seal(data).encode(), request.form.get("Seal", "").encode()):  # check: seal
        return "wrong seal", 400  # check: seal
    response = dict(pair.split("=", 1) for pair in data.split("|") if "=" in pair)
    database = connect()
    row = database.execute(
        "SELECT reference, cents FROM orders WHERE number = ?", (response.get("transactionReference"),)
    ).fetchone()
    if row is None or response.get("responseCode") != "00":
        return "nothing is paid", 200
    reference, cents = row
    if response["orderId"] != reference:  # check: order
        return "another order", 400  # check: order
    if (response["amount"], response["currencyCode"]) != (str(cents), EURO):  # check: amount
        return "another amount", 400  # check: amount
    changed = database.execute(
        "UPDATE orders SET paid = paid + 1 WHERE reference = ?"
        " AND paid = 0"  # check: once
        , (reference,)
    )  # fmt: skip
    return ("delivered" if changed.rowcount else "paid already"), 200


@app.post("/thanks")
def thanks() -> str:
    """Thank a customer who comes back; whether the order is paid, only the database knows."""
    return "Thank you"


@app.get("/order/<reference>")
def order(reference: str) -> dict[str, int]:
    """Return how often an order was paid."""
    row = connect().execute("SELECT paid FROM orders WHERE reference = ?", (reference,)).fetchone()
    return {"paid": row[0]}


if __name__ == "__main__":
    connect().execute("INSERT OR REPLACE INTO orders VALUES (?, ?, ?, 0)", (ORDER, REFERENCE, CENTS))
