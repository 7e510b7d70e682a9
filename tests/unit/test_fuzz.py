"""DATA that somebody altered, in every way that came to mind: always a verdict, never a false one."""

import random
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import quote

import pytest

from sogenactif.configuration import Pathfile, read_pathfile
from sogenactif.errors import MessageError, SecretError
from sogenactif.fields import to_bytes
from sogenactif.http import Application
from sogenactif.ledger import open_ledger
from sogenactif.ledger.history import differences, transactions
from sogenactif.payment import PaymentResponse, read_outcome
from sogenactif.protocols.certificate import read_certificate
from sogenactif.protocols.sips import Records, build, decode, encode, parse, seal_request, seal_response
from sogenactif.web import call_autoresponse, call_response
from tests.support.shop import HttpReply, ask, register
from tests.support.vectors import MERCHANT, vectors

MUTATIONS, POSTED = 100_000, 3_000
SEED = 20261123
HEX = "0123456789abcdef"
MAC = 16
ODD = ("é", "\u0663", "\uff11", "\0", "\n", " ", "+", "%", "!", "G", "\udcff", "A", "x", "-", "_")

Mutation = Callable[[random.Random, list[str]], str]


def flip(chance: random.Random, good: list[str]) -> str:
    text = list(chance.choice(good))
    for _ in range(chance.choice([1, 1, 1, 2, 5])):
        text[chance.randrange(len(text))] = chance.choice(HEX)
    return "".join(text)


def cut(chance: random.Random, good: list[str]) -> str:
    text = chance.choice(good)
    start, end = sorted(chance.randrange(len(text) + 1) for _ in range(2))
    return chance.choice([text[:end], text[start:], text[:start] + text[end:], text[start:end]])


def insert(chance: random.Random, good: list[str]) -> str:
    text = chance.choice(good)
    place = chance.randrange(len(text) + 1)
    more = "".join(chance.choices(HEX, k=chance.choice([1, 2, 8, 16, 200])))
    return text[:place] + chance.choice([more, text[:place], text]) + text[place:]


def splice(chance: random.Random, good: list[str]) -> str:
    first, second = chance.choice(good), chance.choice(good)
    place = chance.randrange(len(first) + 1)
    return first[:place] + second[chance.choice([place, chance.randrange(len(second) + 1)]) :]


def length(chance: random.Random, good: list[str]) -> str:
    text = chance.choice(good)
    said = chance.choice(
        [f"{chance.randrange(2000):5}", f"{chance.randrange(2000):05}", "99999", "   -1", "     ", "1e309"]
    )
    return said.encode().hex() + text[10:]  # fmt: skip


def case(chance: random.Random, good: list[str]) -> str:
    text = chance.choice(good)
    body, mac = text[:-MAC], text[-MAC:]
    mixed = "".join(chance.choice([letter, letter.upper()]) for letter in text)
    return chance.choice([text.upper(), body.upper() + mac, body + mac.upper(), mixed])


def odd_characters(chance: random.Random, good: list[str]) -> str:
    text = list(chance.choice(good))
    for _ in range(chance.choice([1, 2, 20])):
        text[chance.randrange(len(text))] = chance.choice(ODD)
    return "".join(text)


def swap_macs(chance: random.Random, good: list[str]) -> str:
    mac = chance.choice([chance.choice(good)[-MAC:], "0" * MAC, "".join(chance.choices(HEX, k=MAC))])
    return chance.choice(good)[:-MAC] + mac


def alter_records(chance: random.Random, good: list[str]) -> str:
    """What somebody without the certificate can do: take a message apart, alter it, write it again."""
    text = chance.choice(good)
    records = parse(decode(bytes.fromhex(text[:-MAC])))
    for _ in range(chance.choice([1, 1, 2, 4])):
        _alter(chance, records)
    mac = chance.choice([text[-MAC:], chance.choice(good)[-MAC:]])
    return encode(build(records)).hex() + mac


def _alter(chance: random.Random, records: Records) -> None:
    place = chance.randrange(len(records)) if records else 0
    key_or_owner = chance.choice([2, 3, 5, 6, 29, 101, chance.randrange(1000)])
    value = chance.choice([
        b"", b"0", b"00", b"1", b"014213245611112", b"../certif", b"fr", b"9" * chance.randrange(400),
        b"x" * chance.randrange(400), chance.randbytes(chance.randrange(20)), "٣٤٥".encode(), b"20261331256199",
    ])  # fmt: skip
    kind = chance.randrange(5)
    if kind == 0 or not records:
        records.insert(place, (key_or_owner, value))
    elif kind == 1:
        records[place] = (records[place][0], value)
    elif kind == 2:
        records[:] = [(tag, value if tag == key_or_owner else old) for tag, old in records]
    elif kind == 3:
        del records[place]
    else:
        other = chance.randrange(len(records))
        records[place], records[other] = records[other], records[place]


def alter_plain(chance: random.Random, good: list[str]) -> str:
    """Like that, the plain message spoilt: its header, the lengths of its records."""
    text = chance.choice(good)
    plain = bytearray(decode(bytes.fromhex(text[:-MAC])))
    for _ in range(chance.choice([1, 1, 2, 9])):
        place = chance.randrange(chance.choice([14, 30, len(plain)]))
        plain[place] = chance.choice([*b"0123456789 -\n\0", chance.randrange(256)])
    end = chance.choice([len(plain), len(plain), chance.randrange(len(plain))])
    return encode(bytes(plain[:end])).hex() + text[-MAC:]


WAYS: tuple[Mutation, ...] = (
    flip, cut, insert, splice, length, case, odd_characters, swap_macs, alter_records, alter_plain,
)  # fmt: skip


def altered(good: list[str], many: int) -> Iterator[str]:
    """That many alterations of good messages, the same in every run."""
    chance = random.Random(SEED)
    for number in range(many):
        yield WAYS[number % len(WAYS)](chance, good)


ASKED = {
    "merchant_id": MERCHANT,
    "merchant_country": "fr",
    "amount": "1000",
    "currency_code": "978",
    "transaction_id": "000123",
    "transmission_date": "20261123093000",
    "order_id": "CMD-42",
}
ANSWERS = (
    {"response_code": "00", "authorisation_id": "314159", "payment_certificate": "8A4F00C2D1E3"},
    {"response_code": "05"},
    {"response_code": "17", "caddie": 'a"\\`\n!' * 20},
)


def sealed_answers(pathfile: Pathfile) -> list[str]:
    certificate = read_certificate(pathfile, "fr", MERCHANT)
    return [seal_response({**ASKED, **answer}, certificate) for answer in ANSWERS]


def sealed_requests(pathfile: Pathfile) -> list[str]:
    """What a customer's browser holds: sealed with the key of the response, and no response."""
    certificate = read_certificate(pathfile, "fr", MERCHANT)
    others: list[dict[str, str]] = [{}, {"customer_id": "Anne"}, {"amount": "001"}, {"transaction_id": "124"}]
    return [seal_request({**ASKED, **other}, certificate) for other in others]


def recorded_messages() -> list[str]:
    """Those of the original kit that the usual pathfile opens."""
    cases = [case.values[0] for case in vectors("response.json")]
    return [
        case["message"]
        for case in cases
        if case.get("message") and case["pathfile"] == "pathfile" and case["code"] == "0"
    ]


@pytest.mark.exhaustive
def test_no_altered_message_of_100000_is_trusted(pathfile: Pathfile) -> None:
    answers = [*recorded_messages(), *sealed_answers(pathfile)]
    genuine = {text for text in answers if _is_answer(text, pathfile)}
    trusted, refused = 0, 0
    for text in altered([*answers, *sealed_requests(pathfile)], MUTATIONS):
        try:
            read_outcome(text, pathfile)
        except (MessageError, SecretError):
            refused += 1
        else:
            trusted += 1
            assert text in genuine
    assert trusted + refused == MUTATIONS
    # A splice or a swapped seal gives a message back as it was now and then.
    assert 0 < trusted < refused / 100


def _is_answer(text: str, pathfile: Pathfile) -> bool:
    try:
        return bool(read_outcome(text, pathfile)["response_code"])
    except MessageError:
        return False


class Shop:
    """A shop with a ledger that asked for a payment, and its notifications."""

    def __init__(self, param: Path, folder: Path) -> None:
        path = param / "pathfile.ledger"
        path.write_text((param / "pathfile").read_text() + f"LEDGER!sqlite:///{folder}/ledger.db!\n")
        self.notified: list[PaymentResponse] = []
        self.pathfile = read_pathfile(str(path))
        with open_ledger(self.pathfile) as ledger:
            assert ledger
            register(ledger, ASKED)
        self.response = call_response(lambda response: "/shop", self.notified.append, str(path))
        self.autoresponse = call_autoresponse(self.notified.append, str(path), str(folder / "log"))

    def states(self) -> list[str]:
        with open_ledger(self.pathfile) as ledger:
            assert ledger
            assert list(differences(ledger, lambda count: None)) == []
            return [transaction.state for transaction in transactions(ledger)]


@pytest.fixture
def shop(param: Path, tmp_path: Path) -> Shop:
    return Shop(param, tmp_path)


def send(application: Application, data: str, posted: bool = True) -> HttpReply:
    form = "DATA=" + quote(to_bytes(data))
    return ask(application, "POST", body=form.encode()) if posted else ask(application, query=form)


@pytest.mark.exhaustive
def test_altered_message_is_rejected_without_an_internal_error_or_a_notification(shop: Shop) -> None:
    good = [*sealed_answers(shop.pathfile), *sealed_requests(shop.pathfile)]
    genuine = set(good[: len(ANSWERS)])
    for number, text in enumerate(altered(good, POSTED)):
        if text in genuine:
            continue
        for answer in (send(shop.response, text, bool(number % 2)), send(shop.autoresponse, text)):
            assert answer.status in (400, 403, 413), (text, answer.log)
            assert "Payment accepted" not in answer.body
            assert "Traceback" not in answer.body + answer.log
    assert (shop.notified, shop.states()) == ([], ["waiting"])
    answer = send(shop.response, good[0])
    assert (answer.status, "Payment accepted" in answer.body, len(shop.notified)) == (200, True, 1)
    assert shop.states() == ["accepted"]
