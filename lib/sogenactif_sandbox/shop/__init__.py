"""The demonstration shop: a few articles, a basket, and orders with their state.

A basket is a cookie that names articles and quantities; prices are looked up here. Orders are
stored in an SQLite file, which the example functions of the three scripts read and update.
"""

import re
import secrets
import sqlite3
import time
from collections.abc import Sequence
from contextlib import closing
from datetime import datetime
from functools import partial
from pathlib import Path
from urllib.parse import quote

from flask import Flask, Response, abort, redirect, request
from flask.typing import ResponseReturnValue
from jinja2 import FileSystemLoader
from markupsafe import Markup
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response as AnyResponse

from installer.configure import SCHEMA
from sogenactif.configuration import Pathfile
from sogenactif.dates import PARIS, format_day
from sogenactif.errors import LedgerError
from sogenactif.ledger import open_ledger
from sogenactif.ledger.history import responses_to, transactions
from sogenactif.money import format_amount
from sogenactif.pages import ENVIRONMENT, ROOT
from sogenactif.texts import HTML_LANGUAGE, accepted_language
from sogenactif_sandbox.shop.back_office import back_office
from sogenactif_sandbox.shop.texts import shop_texts

# Prices in cents.
ARTICLES = {"tea": 650, "cup": 1290, "pot": 4800, "sample": 50}
MAX_QUANTITY = 9
WAYS = "/pay/"  # the ways to pay, below the address of the shop
PAGES = ENVIRONMENT.overlay(
    loader=FileSystemLoader([Path(__file__).parent / "templates", f"{ROOT}/templates"])
)


class Shop(Flask):
    """Serve the shop, with the logos of the means of payment below ``/logos/``.

    ``database`` is the path of its SQLite file; the ledger of ``pathfile`` knows each order's history.
    ``ways`` are the ways to pay (``shop.ways``) that an order offers besides the scripts'. ``refunds`` is the pathfile
    of Paypage with which money is given back, if it is another.
    """

    def __init__(
        self,
        database: str,
        pathfile: Pathfile,
        ways: Sequence[str] = (),
        refunds: Pathfile | None = None,
    ) -> None:
        super().__init__(__name__, static_folder=f"{ROOT}/logos", static_url_path="/logos")
        self.config["PROVIDE_AUTOMATIC_OPTIONS"] = False
        self.database = database
        self.pathfile = pathfile
        self.ways = ways
        with closing(sqlite3.connect(database)) as shop:
            shop.executescript(SCHEMA)
        self.add_url_rule("/", "home", lambda: self.page("shop.html", basket=_basket()))
        self.add_url_rule("/favicon.ico", "icon", lambda: ("", 204))
        self.add_url_rule("/basket", view_func=self.change_basket, methods=["POST"])
        self.add_url_rule("/order", view_func=self.place_order, methods=["POST"])
        self.add_url_rule("/order/<reference>", view_func=self.show_order)
        self.register_blueprint(back_office(refunds or pathfile, self.page))
        self.register_error_handler(HTTPException, self.fail)

    def page(self, template: str, **values: object) -> Response:
        """Return a page of the shop, under the name that the kit's pages show."""
        return _page(template, shop_name=self.pathfile.shop_name, shop_url="/", **values)

    def fail(self, error: HTTPException) -> AnyResponse:
        """Show an error page of the shop."""
        status = error.code or 500
        response = self.page("shop_error.html", name="error" if status < 500 else "failed")
        response.status_code = status
        return response

    def change_basket(self) -> ResponseReturnValue:
        """Set the quantities of the basket, add one piece of an article, or remove an article."""
        basket = _changed_basket()
        return _with_basket("/", basket)

    def place_order(self) -> ResponseReturnValue:
        """Store the basket as an order that waits for its payment."""
        basket = {article: quantity for article, quantity in _changed_basket().items() if quantity}
        if not basket:
            return _with_basket("/", basket)
        language = _language()
        titles = shop_texts(language)
        reference = f"{time.strftime('%Y%m%d')}-{secrets.token_hex(4).upper()}"
        lines = [
            (reference, f"{n} × {titles[article]}", n * ARTICLES[article]) for article, n in basket.items()
        ]
        amount = sum(line[2] for line in lines)
        with closing(sqlite3.connect(self.database)) as shop, shop:
            shop.execute(
                "INSERT INTO orders (reference, amount, language, placed) VALUES (?, ?, ?, datetime('now'))",
                [reference, amount, language],
            )
            shop.executemany("INSERT INTO lines VALUES (?, ?, ?)", lines)
        return _with_basket(f"/order/{reference}", {})

    def show_order(self, reference: str) -> ResponseReturnValue:
        """Show an order, its state and its history."""
        with closing(sqlite3.connect(self.database)) as shop:
            order = shop.execute(
                "SELECT amount, state, transaction_id FROM orders WHERE reference = ?", [reference]
            ).fetchone()
            lines = shop.execute(
                "SELECT title, amount FROM lines WHERE reference = ?", [reference]
            ).fetchall()
        if order is None:
            abort(404)
        total, state, transaction_id = order
        return self.page(
            "shop_order.html",
            reference=reference,
            lines=lines,
            total=total,
            state=state,
            transaction_id=transaction_id,
            history=self._history(reference),
            ways={way: f"{WAYS}{way}/call_request.py?order={quote(reference)}" for way in self.ways},
        )

    def _history(self, reference: str) -> list[tuple[datetime, str, str, str]]:
        """Return the events of an order: moment in Paris, transaction, source, verdict."""
        events = []
        try:
            with open_ledger(self.pathfile) as ledger:
                for transaction in transactions(ledger, order_id=reference) if ledger else ():
                    number = transaction.reference
                    events.append((transaction.made, number, "request", "waiting"))
                    for answer in responses_to(ledger, transaction) if ledger else ():
                        events.append((answer.received, number, answer.source, answer.verdict))
        except LedgerError:
            return []
        return [
            (datetime.fromisoformat(moment).astimezone(PARIS), number, source, verdict)
            for moment, number, source, verdict in sorted(events)
        ]


def _page(template: str, **values: object) -> Response:
    language = _language()
    html_language = HTML_LANGUAGE[language]
    nonce = secrets.token_hex(16)
    html = PAGES.get_template(template).render(
        text=shop_texts(language),
        style=Markup(PAGES.get_template("style.css").render()),
        language=html_language,
        nonce=nonce,
        amount=partial(format_amount, currency_code="978", language=html_language),
        day=partial(format_day, language=html_language),
        articles=ARTICLES,
        most=MAX_QUANTITY,
        **values,
    )
    policy = (
        f"default-src 'none'; style-src 'nonce-{nonce}'; form-action 'self'; "
        "base-uri 'none'; frame-ancestors 'self'"
    )
    headers = {
        "Content-Security-Policy": policy,
        "Cache-Control": "no-store",
        "Referrer-Policy": "same-origin",
    }
    return Response("<!DOCTYPE html>" + html, headers=headers)


def _language() -> str:
    return accepted_language(request.headers.get("Accept-Language", ""))


def _changed_basket() -> dict[str, int]:
    """Return the basket with the changes that its form asks for."""
    basket = _basket()
    for article in ARTICLES:
        quantity = request.form.get(article, "")
        if re.fullmatch("[0-9]", quantity):
            basket[article] = int(quantity)
        if request.form.get("add") == article:
            basket[article] = min(basket.get(article, 0) + 1, MAX_QUANTITY)
        if request.form.get("remove") == article:
            basket[article] = 0
    return basket


def _basket() -> dict[str, int]:
    """Return the quantities of the basket's articles; anything else in the cookie is ignored."""
    basket = {}
    for article, quantity in re.findall(r"([a-z]+)([1-9])", request.cookies.get("basket", "")[:60]):
        if article in ARTICLES:
            basket[article] = int(quantity)
    return basket


def _with_basket(path: str, basket: dict[str, int]) -> AnyResponse:
    """Send the browser on, with its basket in a cookie."""
    response = redirect(path, 303)
    value = ".".join(f"{article}{quantity}" for article, quantity in basket.items() if quantity)
    response.set_cookie("basket", value, httponly=True, samesite="Lax")
    return response
