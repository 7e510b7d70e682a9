"""What holds for any input at all: thousands of inputs a test, the same ones in every run."""

import html
import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from itertools import count
from pathlib import Path
from typing import NamedTuple

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule, run_state_machine_as_test

from sogenactif import executables
from sogenactif.addresses import IN_HOST, SAFE_IN_URL
from sogenactif.configuration import (
    DEFAULTS,
    REQUIRED,
    LedgerAddress,
    Pathfile,
    merge,
    read_parameters,
    read_pathfile,
)
from sogenactif.errors import (
    KitError,
    MessageError,
    SecretError,
    SecretMissing,
    TransactionUsed,
)
from sogenactif.escape import html_entities
from sogenactif.fields import (
    CALL,
    MAX_LENGTH,
    PARMCOM,
    REQUEST,
    RESPONSE,
    RESPONSE_MAX_LENGTH,
    is_platform_key,
    to_bytes,
    to_text,
)
from sogenactif.ledger.history import Transaction, differences, transactions
from sogenactif.ledger.journal import new_entry
from sogenactif.ledger.ledger import SIPS_NUMBERING, Ledger
from sogenactif.ledger.matching import NOT_FINAL, OUTCOMES, UNRECORDED, Match
from sogenactif.ledger.notification import notify_outcome, notify_pending_outcomes, pending_outcomes
from sogenactif.ledger.rebuild import record_journal, record_unrecorded
from sogenactif.payment import PaymentRequest, PaymentResponse, make_request, parse_call, read_response
from sogenactif.protocols.certificate import Certificate, issue_certificate, read_certificate
from sogenactif.protocols.sips import (
    build,
    decode,
    encode,
    open_request,
    open_response,
    parse,
    seal_request,
    seal_response,
)
from tests.support.shop import register
from tests.support.vectors import MERCHANT, VECTORS, slow

pytestmark = pytest.mark.exhaustive

OTHER_MERCHANT = "014213245611112"
CERTIFICATE = (VECTORS / "param" / f"certif.fr.{MERCHANT}.php").read_bytes()


def digits(least: int, most: int) -> st.SearchStrategy[str]:
    return st.text(alphabet="0123456789", min_size=least, max_size=most)


def values(most: int, without: bytes = b"") -> st.SearchStrategy[str]:
    """Text of any bytes, at least one and ``most`` of them at most."""
    some = st.one_of(st.binary(min_size=1, max_size=most), st.text(min_size=1).map(str.encode))
    return some.map(lambda value: to_text(value.translate(None, without)[:most])).filter(bool)


def fields_of(lengths: Mapping[str, int | None]) -> st.SearchStrategy[dict[str, str]]:
    """Fields of a message: what its key is made of, and any of these others."""
    others = {
        name: values(min(length or 99, 600))
        for name, length in lengths.items()
        if name not in ("amount", "transaction_id", "transmission_date", "merchant_id", "merchant_country")
    }
    if "customer_id" in others:
        # Its cipher pads with NUL bytes, which nobody can tell from some of its own at the end.
        others["customer_id"] = others["customer_id"].filter(lambda value: not value.endswith("\0"))
    needed = {
        "merchant_id": st.just(MERCHANT),
        "merchant_country": st.just("fr"),
        "amount": digits(3, 12),
        "transaction_id": digits(1, 6),
        "transmission_date": st.datetimes(datetime(2000, 1, 1), datetime(2090, 1, 1)).map(
            lambda moment: f"{moment:%Y%m%d%H%M%S}"
        ),
    }
    return st.fixed_dictionaries(needed, optional=others)


REQUESTED = fields_of(
    {
        name: MAX_LENGTH[name]
        for name in REQUEST.values()
        if name != "version" and not name.startswith("certificate_")
    }
)
ANSWERED = fields_of({name: RESPONSE_MAX_LENGTH[name] for name in RESPONSE.values()})
RECORDS = st.lists(st.tuples(st.integers(0, 999), st.binary(max_size=300)), max_size=40)


# The message


def encode_slowly(plain: bytes) -> bytes:
    """Section 1 of the wire format, bit by bit."""
    padded = plain
    while len(padded) % 3:
        padded += b"\0"
    bits = "".join(f"{byte:08b}" for byte in padded)
    out = f"{len(plain):>5}"
    for start in range(0, len(bits), 6):
        v = int(bits[start : start + 6], 2)
        character = chr(v + 32) if v else "`"
        out += "\\" + character if character == '"' else character
    return out.encode("ascii")


def decode_slowly(content: bytes) -> bytes:
    """The way back, of what is well formed."""
    text, codes = content[5:].decode("ascii"), []
    place = 0
    while place < len(text):
        if text[place : place + 2] == '\\"':
            place += 1
        codes.append(0 if text[place] == "`" else ord(text[place]) - 32)
        place += 1
    bits = "".join(f"{code:06b}" for code in codes)
    plain = bytes(int(bits[start : start + 8], 2) for start in range(0, len(bits), 8))
    return plain[: int(content[:5])]


def key_slowly(grid: Sequence[bytes], amount: str, date: str, tid: str) -> str:
    """Section 3 of the wire format, as 16 hexadecimal digits."""
    n, length = len(amount) - 2, len(tid)
    key = ""
    for i in range(16):
        j = i + 1
        t = ord(tid[length - (j % length) - 1])
        a = int(amount[n - (j % n)])
        c = 10 - (j % 10)
        d, e = int(date[c]), int(date[(c + 5) % 10])
        if i % 3 == 0:
            column = (j + e) * (a + d)
        elif i % 3 == 1:
            column = (j + t) * abs(d - e)
        else:
            column = j * (t + d)
        c = j % 10
        d, e = int(date[c]), int(date[(c + 7) % 10])
        if i % 3 == 0:
            row = (j + a) * (e + d)
        elif i % 3 == 1:
            row = abs((j - e) * (d - t))
        else:
            row = (j + t) * (a + d)
        key += f"{grid[row % 25][column % 65] % 16:x}"
    return key


@given(RECORDS)
def test_any_records_are_encoded_without_loss(records: list[tuple[int, bytes]]) -> None:
    assert parse(decode(encode(build(records)))) == records


@given(RECORDS)
def test_total_length_count_and_record_lengths_of_a_message_are_right(
    records: list[tuple[int, bytes]],
) -> None:
    plain = build(records)
    assert plain[:2] == b"\x01\x02"
    assert (int(plain[2:8]), plain[8:10], int(plain[10:13])) == (len(plain), b"34", len(records))
    place = 13
    for tag, value in records:
        assert (int(plain[place : place + 3]), int(plain[place + 3 : place + 7])) == (tag, len(value))
        assert plain[place + 7 : place + 8 + len(value)] == value + b"\n"
        place += 8 + len(value)
    assert place == len(plain)


@given(st.binary(max_size=400))
def test_encoding_equals_a_reference_implementation(plain: bytes) -> None:
    content = encode(plain)
    assert content == encode_slowly(plain)
    assert decode(content) == decode_slowly(content) == plain
    assert int(content[:5]) == len(plain)
    # Each quotation mark has a backslash of its own before it.
    assert re.fullmatch(rb'(?:\\"|[!#-`])*', content[5:])


@given(digits(3, 12), digits(14, 14), digits(1, 6), st.binary(min_size=25 * 65, max_size=25 * 65))
def test_message_key_equals_a_reference_implementation(
    amount: str, date: str, number: str, grid: bytes
) -> None:
    rows = [grid[start : start + 65] for start in range(0, len(grid), 65)]
    certificate = Certificate("", {}, rows, "", "", False)
    assert certificate.message_key(amount, date, number).hex() == key_slowly(rows, amount, date, number)


@given(fields=REQUESTED)
def test_any_sealed_request_can_be_opened(pathfile: Pathfile, fields: dict[str, str]) -> None:
    data = seal_request(fields, read_certificate(pathfile, "fr", MERCHANT))
    read, certificate = open_request(data, pathfile)
    added = {"version", "certificate_date", "certificate_expired", "certificate_version", "certificate_type"}
    assert {name: value for name, value in read.items() if name not in added} == fields
    assert certificate.path.endswith(f"{MERCHANT}.php")


@given(fields=ANSWERED)
def test_any_sealed_response_can_be_opened(pathfile: Pathfile, fields: dict[str, str]) -> None:
    data = seal_response(fields, read_certificate(pathfile, "fr", MERCHANT))
    assert open_response(data, pathfile) == fields
    assert read_response(data, pathfile).fields == fields


@given(fields=ANSWERED, place=st.integers(min_value=0), other=st.integers(1, 15))
def test_any_altered_digit_is_rejected(
    pathfile: Pathfile, fields: dict[str, str], place: int, other: int
) -> None:
    data = seal_response(fields, read_certificate(pathfile, "fr", MERCHANT))
    place %= len(data)
    altered = data[:place] + f"{int(data[place], 16) ^ other:x}" + data[place + 1 :]
    with pytest.raises((MessageError, SecretMissing)):
        open_response(altered, pathfile)


# The files


KEYWORD = values(20, without=b"!\n").filter(lambda keyword: not keyword.startswith("#"))
VALUE = st.one_of(st.just(""), values(60, without=b"!\n"))
LINE_END = st.sampled_from([b"\n", b"\r\n"])
NOISE = st.one_of(st.just(b""), st.binary(max_size=30).map(lambda text: b"#" + text.replace(b"\n", b"!")))


@st.composite
def files(draw: st.DrawFn, keywords: Mapping[str, str]) -> bytes:
    """A file that sets these keywords, comments and empty lines between them."""
    content = b""
    for keyword, value in keywords.items():
        for noise in draw(st.lists(NOISE, max_size=2)):
            content += noise + draw(LINE_END)
        content += to_bytes(f"{keyword}!{value}!") + draw(LINE_END)
    return content if draw(st.booleans()) else content.rstrip(b"\r\n")


SPOILT = st.lists(
    st.sampled_from([*(f"{keyword}!".encode() for keyword in (*REQUIRED, "F_CTYPE", "LOGO!", "D_PARM")),
                     b"x!\n", b"!", b"\r", b"\n", b"#", b"\0", b"\xff", b"/", b"F_PARAM!D_PARM!parmcom!\n"]),
    max_size=20,
).map(b"".join)  # fmt: skip


@given(
    data=st.data(),
    needed=st.fixed_dictionaries(dict.fromkeys(REQUIRED, VALUE.filter(bool))),
    others=st.dictionaries(KEYWORD, VALUE, max_size=5),
)
def test_any_keywords_of_a_pathfile_are_read_unchanged(
    tmp_path: Path, data: st.DataObject, needed: dict[str, str], others: dict[str, str]
) -> None:
    keywords = {**others, **needed}
    (tmp_path / "pathfile").write_bytes(data.draw(files(keywords)))
    assert read_pathfile(str(tmp_path / "pathfile")).keywords == keywords


@given(data=st.data(), keywords=st.dictionaries(st.one_of(st.sampled_from([*PARMCOM]), KEYWORD), VALUE))
def test_any_keywords_of_a_parmcom_file_are_read_unchanged(
    tmp_path: Path, data: st.DataObject, keywords: dict[str, str]
) -> None:
    (tmp_path / "parmcom").write_bytes(data.draw(files(keywords)))
    fields = read_parameters("merchant", str(tmp_path / "parmcom")).fields
    assert {name: value for name, value in fields.items() if not is_platform_key(name)} == {
        PARMCOM[keyword].name: value for keyword, value in keywords.items() if keyword in PARMCOM
    }


@given(content=st.one_of(st.binary(), SPOILT))
def test_any_bytes_as_a_pathfile_or_parmcom_file_are_read_or_rejected(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "file"
    path.write_bytes(content)
    try:
        assert all(read_pathfile(str(path)).keywords[keyword] for keyword in REQUIRED)
    except KitError as error:
        assert str(error).lstrip("+ ").startswith(("Error reading pathfile (", "Invalid separator"))
    try:
        assert set(read_parameters("default", str(path)).fields) <= {field.name for field in PARMCOM.values()}
    except KitError as error:
        assert str(error).startswith("Invalid separator in file at line ")


@given(st.lists(st.dictionaries(st.sampled_from(["data", "amount", *DEFAULTS]), st.text(max_size=2))))
def test_merge_takes_the_last_value_that_is_not_empty(sources: list[dict[str, str]]) -> None:
    merged = merge(*sources)
    for name in {"data", "amount", *DEFAULTS}:
        said = [source[name] for source in sources if source.get(name)]
        assert merged.get(name) == (said[-1] if said else DEFAULTS.get(name))


# The fields


@given(st.binary())
def test_text_keeps_any_bytes(value: bytes) -> None:
    assert to_bytes(to_text(value)) == value


@given(st.one_of(st.text(), st.binary().map(to_text)))
def test_escaped_text_has_no_markup_or_control_characters(text: str) -> None:
    try:
        escaped = html_entities(text)
    except UnicodeEncodeError:
        # Halves of characters that no bytes stand for: no kit's text has them.
        with pytest.raises(UnicodeEncodeError):
            to_bytes(text)
        return
    assert not re.search("[\\x00-\\x1f\\x7f!%<>\"']|&(?!#[0-9]+;)", escaped)
    assert escaped.encode().decode() == escaped


# What html.unescape, unlike a browser, gives back as nothing or as another character.
LOST = "".join(map(chr, (*range(9), 11, *range(14, 32), 127)))


@given(st.text(alphabet=st.characters(exclude_categories=["Cs"], exclude_characters=LOST)))
def test_unescaped_html_equals_the_text(text: str) -> None:
    assert html.unescape(html_entities(text)) == text


# The certificate


@st.composite
def spoilt_certificates(draw: st.DrawFn) -> bytes:
    """A good certificate with a piece of it replaced."""
    start = draw(st.integers(0, len(CERTIFICATE)))
    end = draw(st.integers(start, min(len(CERTIFICATE), start + 200)))
    piece = draw(st.one_of(st.binary(max_size=80), st.text(alphabet="0123456789!,/\n\r +-_", max_size=80)))
    return CERTIFICATE[:start] + (piece if isinstance(piece, bytes) else piece.encode()) + CERTIFICATE[end:]


@given(content=st.one_of(st.binary(), spoilt_certificates()), type_=st.sampled_from(["php", ""]))
def test_any_bytes_as_a_certificate_are_read_or_rejected(tmp_path: Path, content: bytes, type_: str) -> None:
    (tmp_path / f"certif.fr.{MERCHANT}{'.' * bool(type_)}{type_}").write_bytes(content)
    pathfile = Pathfile("", {"F_CERTIFICATE": str(tmp_path / "certif"), "F_CTYPE": type_})
    try:
        certificate = read_certificate(pathfile, "fr", MERCHANT)
    except SecretError as error:
        assert str(error).startswith("Error ")
        return
    assert set(certificate.payment_url) <= SAFE_IN_URL
    assert re.fullmatch("[0-9]{8}", certificate.made)
    fields = {"amount": "1000", "transmission_date": "20261123093000", "transaction_id": "1"}
    mine = {"merchant_id": MERCHANT, "merchant_country": "fr"}
    opened, _ = open_request(seal_request({**fields, **mine}, certificate), pathfile)
    assert opened.items() >= {**fields, **mine}.items()


NAME = st.text(alphabet="abcXYZ019-_", min_size=1, max_size=15)
IN_URL = "".join(sorted(SAFE_IN_URL))


@given(
    scheme=st.sampled_from(["http", "https"]),
    host=st.text(alphabet="".join(sorted(IN_HOST)), min_size=1, max_size=40),
    rest=st.one_of(st.just(""), st.text(alphabet=IN_URL, max_size=76).map("/".__add__)),
    merchant=NAME,
    country=st.text(alphabet="abXZ09-_", min_size=1, max_size=2),
    type_=st.one_of(st.just(""), NAME),
    expired=digits(8, 8),
)
def test_any_issued_certificate_can_be_read(
    tmp_path: Path, scheme: str, host: str, rest: str, merchant: str, country: str, type_: str, expired: str
) -> None:
    url = f"{scheme}://{host}{rest}"
    pathfile = Pathfile("", {"F_CERTIFICATE": str(tmp_path / "certif"), "F_CTYPE": type_})
    content = issue_certificate(url, merchant, country, type_, expired)
    (tmp_path / f"certif.{country}.{merchant}{'.' * bool(type_)}{type_}").write_bytes(content)
    certificate = read_certificate(pathfile, country, merchant)
    assert certificate.payment_url == url
    assert certificate.header.get("certificate_expired", "") == (expired if type_ else "")


# The payment


LIKELY = {
    "merchant_id": st.sampled_from([MERCHANT, OTHER_MERCHANT, "014213245611113", "999", "/../x", ""]),
    "merchant_country": st.sampled_from(["fr", "fr", "be", "..", ""]),
    "amount": digits(0, 13),
    "transaction_id": digits(0, 7),
    "currency_code": digits(0, 4),
    "language": st.sampled_from(["fr", "en", "ge", "sp", "it", "de", "es", "FR", "xx", ""]),
    "payment_means": st.lists(st.sampled_from(["CB", "VISA", "1", "2", "9", "", "é", "0"])).map(",".join),
    "block_order": st.lists(st.sampled_from(["1", "2", "9", "", "10", "é"])).map(",".join),
    "header_flag": st.sampled_from(["yes", "YES", "no", "?"]),
}


def arguments_of(names: Iterable[str]) -> st.SearchStrategy[list[str]]:
    """Arguments of a call: most of them good, some of them far from it."""
    given_names = sorted(set(names) - {"pathfile"})
    one = st.sampled_from(given_names).flatmap(
        lambda name: st.one_of(LIKELY.get(name, values(30)), values(min(MAX_LENGTH[name] + 1, 99))).map(
            f"{name}=".__add__
        )
    )
    odd = st.one_of(one, one, one, one, one, one, one, values(20))
    start = st.sampled_from([[], [f"merchant_id={MERCHANT}", "amount=1000"]])
    return st.tuples(start, st.lists(odd, max_size=12)).map(lambda pair: [*pair[0], *pair[1]])


@given(arguments=arguments_of(CALL))
def test_any_call_makes_a_request_or_raises_a_known_error(pathfile: Pathfile, arguments: list[str]) -> None:
    try:
        request = make_request(parse_call(arguments), pathfile)
    except KitError as error:
        assert str(error).startswith(("Error ", "Invalid "))
        return
    assert isinstance(request, PaymentRequest)
    read, _ = open_request(request.data, pathfile)
    assert read["amount"] == request.fields["amount"]


def write_pathfile(param: Path, *lines: str) -> str:
    """The usual pathfile with more lines; its path."""
    path = param / "pathfile.more"
    path.write_bytes((param / "pathfile").read_bytes() + "".join(f"{line}\n" for line in lines).encode())
    return str(path)


@pytest.mark.parametrize("debug", ["NO", "YES"])
@given(arguments=arguments_of(CALL))
def test_request_prints_five_strings_on_one_line_for_any_call(
    param: Path, debug: str, arguments: list[str]
) -> None:
    path = write_pathfile(param, f"DEBUG!{debug}!")
    printed, status = executables.request([*arguments, f"pathfile={path}"])
    before, code, error, buffer, after = printed.split(b"!")
    assert (before, after) == (b"", b"")
    assert b"\n" not in printed and b"%" not in printed
    assert (code, bool(buffer)) in ((b"0", True), (b"-1", False))
    assert code == b"0" or error
    assert status in (0, 255)


@pytest.mark.parametrize("debug", ["NO", "YES"])
@pytest.mark.parametrize(("version", "separators"), [("", 33), ("615", 44)])
@given(data=st.data(), fields=ANSWERED, sent=st.sampled_from(["sealed", "altered", "junk", "odd"]))
def test_response_prints_the_same_number_of_strings_for_any_message(
    param: Path,
    debug: str,
    version: str,
    separators: int,
    data: st.DataObject,
    fields: dict[str, str],
    sent: str,
) -> None:
    path = write_pathfile(param, f"DEBUG!{debug}!", f"KIT_VERSION!{version}!")
    plain = {name: value.replace("!", ".") for name, value in fields.items()}
    message = seal_response(plain, read_certificate(read_pathfile(path), "fr", MERCHANT))
    if sent == "altered":
        place = data.draw(st.integers(0, len(message) - 1))
        message = message[:place] + data.draw(values(5)) + message[place + 1 :]
    elif sent == "junk":
        message = data.draw(values(300))
    more = data.draw(st.lists(values(20), max_size=2)) if sent == "odd" else []
    printed, status = executables.response([*more, f"message={message}", f"pathfile={path}"])
    parts = printed.split(b"!")
    assert len(parts) - 1 == separators
    if sent == "sealed":
        assert (parts[1], status) == (b"0", 0)
        assert parts[5] == plain["amount"].encode()
    if parts[1] != b"0":
        assert parts[1] == b"-1" and parts[2] and not any(parts[3:])


# Matching


class Moment(NamedTuple):
    """A transmission_date, UTC, and the day that it is in Paris."""

    utc: str
    day: str


MOMENTS = [
    Moment("20261123093000", "20261123"),
    Moment("20261123225959", "20261123"),
    Moment("20261123233000", "20261124"),
    Moment("20260701223000", "20260702"),
]
Key = tuple[str, str, int]
CODES = ["00", "05", "17", "60", "75", "90"]
MEANS = {"00": "accepted", "17": "cancelled", "60": "pending"}


class Asked:
    """A request as the rules have it: what it asks for, and what came of it."""

    def __init__(self, fields: dict[str, str]) -> None:
        self.fields = fields
        self.outcome = self.notified = self.printed = self.code = ""
        self.answered = False
        self.answers: set[tuple[str, str]] = set()
        self.accepted = 0


def key_of(fields: Mapping[str, str]) -> Key:
    [day] = [moment.day for moment in MOMENTS if moment.utc == fields["transmission_date"]]
    return fields["merchant_id"], day, int(fields["transaction_id"])


class Rules(RuleBasedStateMachine):
    """A shop's ledger beside a small model of its rules: they say the same of everything that happens."""

    def __init__(self, folder: Path) -> None:
        super().__init__()
        folder.mkdir()
        self.file = folder / "ledger.db"
        self.folder = folder
        self.ledger = self.opened()
        self.asked: dict[Key, Asked] = {}

    def opened(self) -> Ledger:
        return Ledger(LedgerAddress(f"sqlite:///{self.file}"), str(self.folder / "journal"))

    @rule(
        merchant=st.sampled_from([MERCHANT, OTHER_MERCHANT]),
        moment=st.sampled_from(MOMENTS),
        amount=st.sampled_from(["1000", "0250"]),
        currency=st.sampled_from(["978", "036"]),
        order=st.sampled_from(["CMD-1", "A|B;C", ""]),
        number=st.one_of(st.just(""), st.sampled_from(["1", "02", "000003"])),
    )
    def request(
        self, merchant: str, moment: Moment, amount: str, currency: str, order: str, number: str
    ) -> None:
        fields = {
            "merchant_id": merchant,
            "merchant_country": "fr",
            "transmission_date": moment.utc,
            "amount": amount,
            "currency_code": currency,
            "order_id": order,
        }
        if number:
            fields["transaction_id"] = number
            key = key_of(fields)
            if key in self.asked:
                self.ask_again(fields, self.asked[key])
                return
            assert register(self.ledger, fields) == number
        else:
            same = [
                asked
                for asked in self.asked.values()
                if order
                and not asked.answered
                and key_of(asked.fields)[:2] == (merchant, moment.day)
                and all(
                    asked.fields[name] == fields[name] for name in ("amount", "currency_code", "order_id")
                )
            ]
            fields = dict(self.ledger.register(fields, SIPS_NUMBERING))
            if same:
                # The order waits: its number and its moment are those that were drawn first.
                assert fields in [asked.fields for asked in same]
                return
            key = key_of(fields)
            assert key not in self.asked
        self.asked[key] = Asked(fields)

    def ask_again(self, fields: dict[str, str], before: Asked) -> None:
        free = ("transmission_date", "transaction_id")
        if all(fields[name] == before.fields[name] for name in fields if name not in free):
            assert register(self.ledger, fields) == before.fields["transaction_id"]
        else:
            with pytest.raises(TransactionUsed):
                register(self.ledger, fields)

    @precondition(lambda self: self.asked)
    @rule(
        data=st.data(),
        source=st.sampled_from(["manual", "automatic", "executable"]),
        tell=st.sampled_from(["", "works", "raises"]),
    )
    def response(self, data: st.DataObject, source: str, tell: str) -> None:
        response = self.draw_response(data)
        match = self.ledger.receive(response, source)
        self.check(match, response)
        if source == "executable" and match.verdict in OUTCOMES:
            asked = self.asked[key_of(response.fields)]
            asked.printed = asked.outcome
        elif source != "executable" and match.is_trusted:
            self.asked[key_of(response.fields)].printed = ""
        if tell:
            self.tell(tell == "raises", match.request_id)

    @precondition(lambda self: self.asked)
    @rule(data=st.data(), count=st.integers(1, 3))
    def responses_while_the_ledger_is_away(self, data: st.DataObject, count: int) -> None:
        responses = [self.draw_response(data) for _ in range(count)]
        # The journal has a file a day, and replay reads the oldest first.
        responses.sort(key=lambda response: key_of(response.fields)[1])
        self.ledger.close()
        self.file.rename(self.folder / "elsewhere")
        away = self.opened()
        for response in responses:
            assert away.receive(response, "automatic").verdict == UNRECORDED
        away.close()
        (self.folder / "elsewhere").rename(self.file)
        self.ledger = self.opened()
        if data.draw(st.booleans()):
            assert record_journal(self.ledger) == (count, 0)
        else:
            assert record_unrecorded(self.ledger) == count
        entered = list(self.ledger.database.rows("SELECT verdict FROM sogenactif_response ORDER BY id"))
        for response, [verdict] in zip(responses, entered[-count:], strict=True):
            assert verdict == self.expected(response)
            if verdict in (*OUTCOMES, "duplicate"):
                self.asked[key_of(response.fields)].printed = ""

    @rule(raises=st.booleans())
    def tell_what_was_left_behind(self, raises: bool) -> None:
        self.tell(raises, None)

    @rule()
    def forged(self) -> None:
        self.ledger.journal.append("20261123", new_entry("response", "manual", "forged"))

    @rule()
    def restart_and_replay(self) -> None:
        self.ledger.close()
        self.ledger = self.opened()
        assert record_journal(self.ledger) == (0, 0)
        for entry in self.ledger.journal.entries():
            if entry["kind"] == "response" and entry["verdict"] in OUTCOMES:
                assert self.ledger.record_response(entry).verdict == entry["verdict"]

    def draw_response(self, data: st.DataObject) -> PaymentResponse:
        """A response to a request that was made, altered or not."""
        asked = self.asked[data.draw(st.sampled_from(sorted(self.asked)))].fields
        code = data.draw(st.sampled_from(CODES))
        fields = {
            **asked,
            # The server makes blanks of what it forbids.
            "order_id": asked["order_id"].replace("|", " ").replace(";", " "),
            "response_code": code,
        }
        if code == "00":
            fields["authorisation_id"] = data.draw(st.sampled_from(["111", "222"]))
        fields |= data.draw(
            st.one_of(
                st.just({}),
                st.sampled_from(
                    [
                        {
                            "amount": "0" + fields["amount"],
                            "currency_code": fields["currency_code"].lstrip("0"),
                        },
                        {"amount": "1001"},
                        {"amount": "250" if fields["amount"] == "1000" else "1000"},
                        {"currency_code": "840"},
                        {"currency_code": "036" if fields["currency_code"] == "978" else "978"},
                        {"currency_code": ""},
                        {"order_id": "CMD-2"},
                        {"order_id": "" if fields["order_id"] else "CMD-1"},
                        {"transaction_id": "000004"},
                        {"transaction_id": "000002"},
                        {"transmission_date": "20261123093000"},
                        {"transmission_date": "20261123233000"},
                        {"merchant_id": "014213245611113"},
                        {"merchant_id": OTHER_MERCHANT},
                    ]
                ),
            )
        )
        return PaymentResponse(fields)

    def expected(self, response: PaymentResponse) -> str:
        """The verdict of the rules, and what follows of it for the model."""
        asked = self.asked.get(key_of(response.fields))
        if asked is None:
            return "unknown"
        asked.answered = True
        if (
            response["transmission_date"] != asked.fields["transmission_date"]
            or int(response["amount"]) != int(asked.fields["amount"])
            or response["currency_code"].zfill(3) != asked.fields["currency_code"]
            or response["order_id"] != asked.fields["order_id"].replace("|", " ").replace(";", " ")
        ):
            return "conflicting"
        code = response["response_code"]
        if (code, response["authorisation_id"]) in asked.answers:
            return "duplicate"
        final = asked.outcome in ("accepted", "refused") and asked.code not in NOT_FINAL
        if final and (code != "00" or asked.outcome == "accepted"):
            return "conflicting"
        asked.outcome, asked.code, asked.printed = MEANS.get(code, "refused"), code, ""
        asked.answers.add((code, response["authorisation_id"]))
        asked.accepted += asked.outcome == "accepted"
        assert asked.accepted <= 1
        return asked.outcome

    def check(self, match: Match, response: PaymentResponse) -> None:
        assert match.verdict == self.expected(response), (match, response)
        asked = self.asked.get(key_of(response.fields))
        assert match.outcome == (asked.outcome if asked else "")
        assert match.is_trusted == (match.verdict not in ("conflicting", "unknown"))

    def tell(self, raises: bool, first: int | None) -> None:
        """Tell the shop: it learns what it didn't know, each outcome once, and nothing else."""
        calls: list[PaymentResponse] = []
        errors: list[BaseException] = []

        def record_outcome(response: PaymentResponse) -> None:
            calls.append(response)
            if raises:
                raise ValueError("the shop's database is full")

        waiting = {
            key: asked
            for key, asked in self.asked.items()
            if asked.outcome not in (asked.notified, asked.printed)
        }
        notified = 0
        if first is not None:
            notified += notify_outcome(self.ledger, record_outcome, errors.append, first)
            if errors:
                # It is tried once more with the others.
                calls.clear()
                errors.clear()
        notified += notify_pending_outcomes(self.ledger, record_outcome, errors.append, most=None)
        assert sorted((key_of(call.fields), call.outcome) for call in calls) == sorted(
            (key, asked.outcome) for key, asked in waiting.items()
        )
        assert (notified, len(errors)) == ((0, len(calls)) if raises else (len(calls), 0))
        if not raises:
            for asked in waiting.values():
                asked.notified = asked.outcome
        assert pending_outcomes(self.ledger) == (len(waiting) if raises else 0)

    def recorded(self) -> dict[Key, Transaction]:
        return {key_of(transaction.fields): transaction for transaction in transactions(self.ledger)}

    def teardown(self) -> None:
        for by_function in (True, False):
            assert list(differences(self.ledger, lambda count: None)) == []
            recorded = self.recorded()
            assert recorded.keys() == self.asked.keys()
            for key, asked in self.asked.items():
                assert recorded[key].state == (asked.outcome or "waiting")
                assert recorded[key].fields == asked.fields
                if asked.outcome == asked.notified:
                    assert not by_function or recorded[key].notified == "yes"
                else:
                    reported = "printed" if asked.outcome == asked.printed else "no"
                    assert recorded[key].notified == reported
            self.lose_the_ledger()
        self.ledger.close()

    def lose_the_ledger(self) -> None:
        """Delete the database and make it again from the journal."""
        self.ledger.close()
        self.file.unlink(missing_ok=True)
        self.ledger = self.opened()
        with self.ledger.rebuilding():
            record_journal(self.ledger)


def test_ledger_agrees_with_a_model_for_any_sequence_of_events(tmp_path: Path) -> None:
    numbers = count()

    class Here(Rules):
        def __init__(self) -> None:
            super().__init__(tmp_path / str(next(numbers)))

    # A failing example is found in seconds; to make it shorter would take minutes.
    once = settings(max_examples=slow(100), stateful_step_count=40, phases=[Phase.generate])
    run_state_machine_as_test(Here, settings=once)


@given(
    fields=ANSWERED,
    date=st.sampled_from(["", "99991231233000", "20260229120000", "00000101000000", "20261123236099"]),
)
def test_any_sealed_response_is_unknown_or_rejected_with_a_reason(
    tmp_path: Path, fields: dict[str, str], date: str
) -> None:
    ledger = Ledger(LedgerAddress(f"sqlite:///{tmp_path}/ledger.db"), str(tmp_path / "journal"))
    try:
        response = PaymentResponse({**fields, "transmission_date": date or fields["transmission_date"]})
        assert ledger.receive(response, "manual").verdict == "unknown"
    except KitError as error:
        assert str(error) == "Error in the response structure (transmission_date)"
    finally:
        ledger.close()
