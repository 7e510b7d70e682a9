"""Customers pay, in both protocols, while the ledger, the shop and the server fail in any order."""

import html
import re
from collections.abc import Callable
from datetime import datetime
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from hypothesis import Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule, run_state_machine_as_test

from sogenactif.configuration import Pathfile, read_pathfile
from sogenactif.dates import PARIS
from sogenactif.ledger.history import differences, transactions
from sogenactif.ledger.journal import Journal
from sogenactif.ledger.ledger import Ledger
from sogenactif.ledger.notification import notify_pending_outcomes
from sogenactif.ledger.rebuild import record_journal
from sogenactif.payment import PaymentResponse
from sogenactif.protocols import sips
from sogenactif.reception import receive, verify_again
from sogenactif.web import Order, call_autoresponse, call_request, call_response
from sogenactif_sandbox import paypage
from tests.support.shop import LedgerShop, ask, post
from tests.support.vectors import MERCHANT, VECTORS, slow, use_paypage

ORDERS = {f"CMD-{number}": f"{number}000" for number in (1, 2, 3)}
KILLS = ("before the ledger", "before the journal", "after the journal")
# What the bank may say of one request, one after the other: an acceptance is the last.
OUTCOMES = {"00": "accepted", "05": "refused", "17": "cancelled", "60": "pending"}


class Killed(BaseException):
    """The server's process ends here."""


class Payment:
    """One request as the bank has it: its form, what the bank answered, and what of that reached the shop."""

    def __init__(self, order: str, protocol: str, form: dict[str, str]) -> None:
        self.order = order
        self.protocol = protocol
        self.form = form
        self.answers: list[tuple[str, dict[str, str]]] = []
        # Outcomes that a script or the executable acknowledged, or that only the journal has.
        self.delivered: set[str] = set()
        self.by_script: set[str] = set()


class Bank:
    """The bank's server: it reads what the shop sealed, and seals its answers."""

    def __init__(self, pathfile: Callable[[], Pathfile]) -> None:
        self.pathfile = pathfile

    def number(self, payment: Payment) -> str:
        """Return the transaction_id of a request."""
        if payment.protocol == "sips":
            return sips.open_request(payment.form["DATA"], self.pathfile())[0]["transaction_id"].zfill(6)
        return self._opened(payment).fields["transaction_id"]

    def answer(self, payment: Payment, code: str) -> dict[str, str]:
        """Return the post of an answer."""
        said = {"response_code": code, "payment_means": "CB"}
        if payment.protocol == "sips":
            fields, certificate = sips.open_request(payment.form["DATA"], self.pathfile())
            return {"DATA": sips.seal_response({**fields, **said}, certificate)}
        opened, now = self._opened(payment), datetime.now(PARIS)
        day, number = f"{now:%Y%m%d}", opened.fields["transaction_id"]
        said |= {"payment_date": day, "payment_time": f"{now:%H%M%S}", "s10_day": day, "s10_number": number}
        return paypage.seal_response({**opened.fields, **said}, opened.envelope, self.pathfile(), opened.old)

    def _opened(self, payment: Payment) -> paypage.OpenedRequest:
        return paypage.open_request(payment.form, self.pathfile(), datetime.now(PARIS).date())


class Shop(LedgerShop):
    """A shop of several orders, whose function may fail before or after it has noted an outcome."""

    def __init__(self, param: Path, ledger: str, journal: Path) -> None:
        super().__init__(param, ledger, journal)
        self.fails = ""
        self.notified: list[tuple[str, str, str]] = []
        path = self.pathfile.path
        self.request = call_request(self.order_to_pay, path)
        self.response = call_response(lambda response: "/", self.record_outcome, path)
        self.autoresponse = call_autoresponse(self.record_outcome, path, str(self.log))

    def order_to_pay(self, reference: str) -> Order | None:
        amount = ORDERS.get(reference)
        return Order({"merchant_id": MERCHANT, "amount": amount, "order_id": reference}) if amount else None

    def record_outcome(self, response: PaymentResponse) -> None:
        if self.fails == "before":
            raise RuntimeError("the shop's database is down")
        assert ORDERS[response["order_id"]] == response["amount"]
        self.notified.append((response["order_id"], response["transaction_id"], response.outcome))
        if self.fails == "after":
            raise SystemExit


class Payments(RuleBasedStateMachine):
    """Whatever happens: the shop is notified of what the bank accepted and nothing else, and the ledger has it."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        super().__init__()
        param = folder / "param"
        param.mkdir(parents=True)
        for file in (VECTORS / "param").iterdir():
            (param / file.name).write_bytes(file.read_bytes().replace(b"@PARAM@", str(param).encode()))
        self.database = folder / "ledger.db"
        self.shop = Shop(param, f"sqlite:///{self.database}", folder / "journal")
        # Paypage with both means of settings; PROTOCOL is what changes.
        use_paypage(param)
        self.protocol = "paypage"
        self.bank = Bank(lambda: read_pathfile(self.shop.pathfile.path))
        self.payments: dict[str, Payment] = {}
        self.waiting: dict[str, Payment] = {}
        self.away = self.failed_after = False
        self.monkeypatch = monkeypatch

    @rule()
    def change_the_protocol(self) -> None:
        path, other = Path(self.shop.pathfile.path), {"sips": "paypage", "paypage": "sips"}[self.protocol]
        path.write_text(path.read_text().replace(f"PROTOCOL!{self.protocol}!", f"PROTOCOL!{other}!"))
        self.protocol = other

    @rule(reference=st.sampled_from(sorted(ORDERS)))
    def view_the_page(self, reference: str) -> None:
        answer = ask(self.shop.request, query=f"order={reference}")
        if self.away:
            assert answer.status >= 500
            return
        assert answer.status == 200
        hidden = re.findall(
            r'<input type="hidden" name="([^"]+)" value="([^"]+)"', answer.body, re.IGNORECASE
        )
        payment = Payment(reference, self.protocol, {name: html.unescape(value) for name, value in hidden})
        number, before = self.bank.number(payment), self.waiting.get(reference)
        if before and not before.delivered and self.protocol == "sips":
            # Another view shows the form that the customer may have in another window.
            assert payment.form == before.form
            return
        assert number not in self.payments
        self.payments[number] = payment
        if self.protocol == "sips":
            self.waiting[reference] = payment

    @precondition(lambda self: self.payments)
    @rule(
        data=st.data(),
        code=st.sampled_from(sorted(OUTCOMES)),
        source=st.sampled_from(["automatic", "automatic", "manual", "executable"]),
        kill=st.sampled_from([*[""] * 4, *KILLS]),
    )
    def pay(self, data: st.DataObject, code: str, source: str, kill: str) -> None:
        """The bank answers a request, or sends an answer of before again, and the server may end meanwhile."""
        payment = self.payments[data.draw(st.sampled_from(sorted(self.payments)))]
        codes = [before for before, _ in payment.answers]
        if "00" not in codes and code not in codes:
            payment.answers.append((code, self.bank.answer(payment, code)))
        code, fields = data.draw(st.sampled_from(payment.answers))
        with self.monkeypatch.context() as patched:
            self.arm(kill, patched)
            try:
                self.post(source, fields)
            except Killed:
                self.shop.restart()
                if kill == "before the ledger" or (kill == "before the journal" and self.away):
                    return
        payment.delivered.add(OUTCOMES[code])
        if source != "executable":
            payment.by_script.add(OUTCOMES[code])

    @precondition(lambda self: self.payments)
    @rule(data=st.data())
    def forge(self, data: st.DataObject) -> None:
        payment = self.payments[data.draw(st.sampled_from(sorted(self.payments)))]
        fields = self.bank.answer(payment, "00")
        name = "DATA" if "DATA" in fields else "Seal"
        last = "0" if fields[name][-1] != "0" else "1"
        assert post(self.shop.autoresponse, **{**fields, name: fields[name][:-1] + last}).status == 403

    @rule(fails=st.sampled_from(["", "", "before", "after"]))
    def the_shop_fails_or_recovers(self, fails: str) -> None:
        self.shop.fails = fails
        self.failed_after |= fails == "after"

    @precondition(lambda self: self.payments)
    @rule()
    def the_ledger_goes_away_or_comes_back(self) -> None:
        self.shop.restart()
        away = self.database.with_suffix(".away")
        if self.away:
            away.rename(self.database)
        else:
            self.database.rename(away)
        self.away = not self.away

    @rule()
    def replay(self) -> None:
        if not self.away:
            self.catch_up()

    def arm(self, kill: str, patched: pytest.MonkeyPatch) -> None:
        """Let the process end at this point of the next response."""
        append = Journal.append

        def dying_process(*_: object, **__: object) -> None:
            raise Killed

        def dying_append(journal: Journal, day: str, entry: dict[str, Any], flush: bool = True) -> None:
            if kill == "after the journal":
                append(journal, day, entry, flush)
            raise Killed

        if kill == "before the ledger":
            patched.setattr(Ledger, "record_response", dying_process)
        elif kill:
            patched.setattr(Journal, "append", dying_append)

    def post(self, source: str, fields: dict[str, str]) -> None:
        if source == "executable":
            with self.shop.ledger() as ledger:
                receive(fields, read_pathfile(self.shop.pathfile.path), ledger, source, lambda *_: None)
        else:
            application = self.shop.autoresponse if source == "automatic" else self.shop.response
            assert post(application, **fields).status in (200, 302, 303)

    def catch_up(self) -> None:
        """What ``sogenactif replay`` does."""
        with self.shop.ledger() as ledger:
            record_journal(ledger)
            verify_again(ledger, read_pathfile(self.shop.pathfile.path), lambda *_, **__: None)
            ledger.match_again()
            notify_pending_outcomes(ledger, self.shop.record_outcome, lambda error: None, most=None)

    def teardown(self) -> None:
        if self.away:
            self.the_ledger_goes_away_or_comes_back()
        self.shop.fails = ""
        self.catch_up()
        with self.shop.ledger() as ledger:
            assert list(differences(ledger, lambda _: None)) == []
            states = {each.fields["transaction_id"].zfill(6): each.state for each in transactions(ledger)}
        assert states.keys() == self.payments.keys()
        assert {number for _, number, _ in self.shop.notified} <= states.keys()
        for number, payment in self.payments.items():
            notified = [
                outcome
                for order, known, outcome in self.shop.notified
                if (order, known) == (payment.order, number)
            ]
            assert payment.delivered >= set(notified)
            assert ("accepted" in payment.delivered) == (states[number] == "accepted")
            if "accepted" in payment.by_script:
                assert notified[-1] == "accepted"
                assert notified.count("accepted") == 1 or self.failed_after
        self.shop.restart()


@pytest.mark.exhaustive
def test_shop_is_notified_of_every_acceptance_in_any_sequence_of_events(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    numbers = count()

    class Here(Payments):
        def __init__(self) -> None:
            super().__init__(tmp_path / str(next(numbers)), monkeypatch)

    once = settings(max_examples=slow(75), stateful_step_count=50, phases=[Phase.generate])
    run_state_machine_as_test(Here, settings=once)
