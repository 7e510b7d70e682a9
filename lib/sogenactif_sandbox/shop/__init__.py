"""The shop of the demonstration: a few articles, a basket, and orders with their state.

A basket is a cookie that names articles and quantities; prices are looked up here. Orders are
kept in an SQLite file, where the example functions of the three scripts read and update them.
"""

import re
import secrets
import sqlite3
import time
from collections.abc import Iterable
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from jinja2 import FileSystemLoader

from sogenactif.configuration import Pathfile
from sogenactif.errors import LedgerError
from sogenactif.http import Environ, HttpError, allow, read_form, send
from sogenactif.ledger.history import answers, transactions
from sogenactif.ledger.ledger import opened_ledger
from sogenactif.money import format_amount
from sogenactif.pages import ENVIRONMENT, ROOT
from sogenactif.texts import HTML_LANGUAGE, accepted_language
from sogenactif_sandbox.shop.texts import shop_texts

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse

# Prices in cents.
ARTICLES = {"tea": 650, "cup": 1290, "pot": 4800, "sample": 50}
MOST_OF_ONE = 9
BASKET = re.compile(r"(?:^|;\s*)basket=([a-z0-9.]{1,60})")
SCHEMA = """
CREATE TABLE IF NOT EXISTS orders (
    reference TEXT PRIMARY KEY,
    amount INTEGER NOT NULL,
    language TEXT NOT NULL,
    placed TEXT NOT NULL,
    state TEXT NOT NULL DEFAULT 'waiting',
    transaction_id TEXT NOT NULL DEFAULT ''
);
CREATE TABLE IF NOT EXISTS lines (reference TEXT NOT NULL, title TEXT NOT NULL, amount INTEGER NOT NULL);
CREATE INDEX IF NOT EXISTS lines_of_order ON lines (reference);
"""
PAGES = ENVIRONMENT.overlay(
    loader=FileSystemLoader([Path(__file__).parent / "templates", f"{ROOT}/templates"])
)


class Shop:
    """The shop as a WSGI application.

    ``database`` is the path of its SQLite file; the ledger of ``pathfile`` tells each order's history.
    """

    def __init__(self, database: str, pathfile: Pathfile) -> None:
        self.database = database
        self.pathfile = pathfile
        with closing(sqlite3.connect(database)) as shop:
            shop.executescript(SCHEMA)

    def __call__(self, environ: Environ, start_response: "StartResponse") -> Iterable[bytes]:
        path = environ.get("PATH_INFO", "/")
        try:
            if path == "/":
                allow(environ, "GET", "HEAD")
                return self._page(environ, start_response, "shop.html", basket=_basket(environ))
            if path == "/basket":
                allow(environ, "POST")
                return self._change_basket(environ, start_response)
            if path == "/order":
                allow(environ, "POST")
                return self._place_order(environ, start_response)
            if path.startswith("/order/"):
                allow(environ, "GET", "HEAD")
                return self._show_order(environ, start_response, path.removeprefix("/order/"))
            raise HttpError(404, path)
        except HttpError as error:
            return self._page(environ, start_response, "shop_error.html", error.status, status=error.status)

    def _change_basket(self, environ: Environ, start_response: "StartResponse") -> Iterable[bytes]:
        basket = _basket(environ)
        form = read_form(environ)
        for article in ARTICLES:
            quantity = form.get(article, "")
            if re.fullmatch("[0-9]", quantity):
                basket[article] = int(quantity)
            if form.get("add") == article:
                basket[article] = min(basket.get(article, 0) + 1, MOST_OF_ONE)
        return _redirect(start_response, "/", basket)

    def _place_order(self, environ: Environ, start_response: "StartResponse") -> Iterable[bytes]:
        basket = _basket(environ)
        if not basket:
            return _redirect(start_response, "/", basket)
        language = _language(environ)
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
        return _redirect(start_response, f"/order/{reference}", {})

    def _show_order(
        self, environ: Environ, start_response: "StartResponse", reference: str
    ) -> Iterable[bytes]:
        with closing(sqlite3.connect(self.database)) as shop:
            order = shop.execute(
                "SELECT amount, state, transaction_id FROM orders WHERE reference = ?", [reference]
            ).fetchone()
            lines = shop.execute(
                "SELECT title, amount FROM lines WHERE reference = ?", [reference]
            ).fetchall()
        if order is None:
            raise HttpError(404, reference)
        total, state, transaction_id = order
        return self._page(
            environ,
            start_response,
            "shop_order.html",
            reference=reference,
            lines=lines,
            total=total,
            state=state,
            transaction_id=transaction_id,
            history=self._history(reference),
        )

    def _history(self, reference: str) -> list[tuple[str, str, str, str]]:
        """What happened to an order: moment (UTC), transaction, who told, verdict."""
        happened = []
        try:
            with opened_ledger(self.pathfile) as ledger:
                for transaction in transactions(ledger, order_id=reference) if ledger else ():
                    number = transaction.reference
                    happened.append((transaction.made, number, "request", "waiting"))
                    for answer in answers(ledger, transaction) if ledger else ():
                        happened.append((answer.received, number, answer.source, answer.verdict))
        except LedgerError:
            return []
        return sorted(happened)

    def _page(
        self,
        environ: Environ,
        start_response: "StartResponse",
        template: str,
        http_status: int = 200,
        **values: object,
    ) -> Iterable[bytes]:
        language = _language(environ)
        html_language = HTML_LANGUAGE[language]
        nonce = secrets.token_hex(16)
        html = PAGES.get_template(template).render(
            text=shop_texts(language),
            language=html_language,
            nonce=nonce,
            amount=partial(format_amount, currency_code="978", language=html_language),
            articles=ARTICLES,
            most=MOST_OF_ONE,
            **values,
        )
        policy = (
            f"default-src 'none'; style-src 'nonce-{nonce}'; form-action 'self'; "
            "base-uri 'none'; frame-ancestors 'self'"
        )
        body = b"<!DOCTYPE html>" + html.encode()
        headers = [("Content-Security-Policy", policy)]
        return send(start_response, http_status, body, "text/html; charset=utf-8", headers)


def _language(environ: Environ) -> str:
    return accepted_language(environ.get("HTTP_ACCEPT_LANGUAGE", ""))


def _basket(environ: Environ) -> dict[str, int]:
    """The quantities of the basket's articles; whatever else the cookie holds is left out."""
    cookie = BASKET.search(environ.get("HTTP_COOKIE", ""))
    basket = {}
    for article, quantity in re.findall(r"([a-z]+)([1-9])", cookie[1] if cookie else ""):
        if article in ARTICLES:
            basket[article] = int(quantity)
    return basket


def _redirect(start_response: "StartResponse", path: str, basket: dict[str, int]) -> Iterable[bytes]:
    value = ".".join(f"{article}{quantity}" for article, quantity in basket.items() if quantity)
    cookie = f"basket={value}; Path=/; HttpOnly; SameSite=Lax"
    return send(start_response, 303, b"", "text/plain", [("Location", path), ("Set-Cookie", cookie)])
