import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from sogenactif.configuration import Pathfile
from sogenactif.errors import (
    CertificateMissing,
    MessageEncodingError,
    MessageError,
    MessageLengthError,
    MessageStructureError,
    SealError,
)
from sogenactif.protocols.certificate import read_certificate
from sogenactif.protocols.sips import (
    _mac,
    build,
    decode,
    encode,
    open_request,
    open_response,
    parse,
    seal_request,
    seal_response,
)
from tests.support.vectors import MERCHANT

PAID = {
    "merchant_id": MERCHANT,
    "merchant_country": "fr",
    "amount": "1000",
    "transaction_id": "000123",
    "transmission_date": "20261123093000",
    "response_code": "00",
    "order_id": "CMD-42",
}


@pytest.fixture
def sealed(pathfile: Pathfile) -> str:
    return seal_response(PAID, read_certificate(pathfile, "fr", MERCHANT))


def test_sealed_response_can_be_opened(pathfile: Pathfile, sealed: str) -> None:
    assert open_response(sealed, pathfile) == PAID


def test_response_begins_with_the_version_and_the_date_of_the_certificate(sealed: str) -> None:
    tags = {
        "transaction_id": 5,
        "amount": 3,
        "merchant_id": 2,
        "merchant_country": 29,
        "transmission_date": 6,
    }
    tags |= {"response_code": 101, "order_id": 38}
    first, second, *rest = parse(decode(bytes.fromhex(sealed[:-16])))
    assert (first, second) == ((1, b"P615"), (41, b"20260901"))
    assert sorted(rest) == sorted((tag, PAID[name].encode()) for name, tag in tags.items())


def test_sealed_request_can_be_opened_and_customer_id_is_not_in_clear_text(pathfile: Pathfile) -> None:
    fields = {**PAID, "customer_id": "Anne-1234", "caddie": "3 Thé\n!%\udcff"}
    del fields["response_code"]
    data = seal_request(fields, read_certificate(pathfile, "fr", MERCHANT))
    assert b"Anne" not in decode(bytes.fromhex(data[:-16]))
    read, certificate = open_request(data, pathfile)
    assert {name: read[name] for name in fields} == fields
    assert read["version"] == "P615"
    assert certificate.payment_url == "http://127.0.0.1:8080/payment"


@pytest.mark.parametrize("length", [*range(8), 44, 45, 46, 500, 9999])
def test_records_of_any_length_and_any_byte_are_encoded_without_loss(length: int) -> None:
    records = [(3, bytes((i * 7 + 2) % 256 for i in range(length))), (5, b'"\\"`'), (24, b"\n!\0")]
    assert parse(decode(encode(build(records)))) == records


def test_altered_character_of_a_message_is_detected(pathfile: Pathfile, sealed: str) -> None:
    for place in range(0, len(sealed), 3):
        altered = sealed[:place] + ("0" if sealed[place] != "0" else "1") + sealed[place + 1 :]
        with pytest.raises((MessageError, CertificateMissing)):
            open_response(altered, pathfile)


def test_truncated_message_is_rejected(pathfile: Pathfile, sealed: str) -> None:
    for end in range(0, len(sealed), 5):
        with pytest.raises(MessageError):
            open_response(sealed[:end], pathfile)


def test_message_sealed_with_the_old_certificate_is_accepted(pathfile: Pathfile) -> None:
    old = read_certificate(pathfile, "fr", MERCHANT, old=True)
    assert open_response(seal_response(PAID, old), pathfile) == PAID


def test_message_sealed_with_a_removed_certificate_is_rejected(param: Path, pathfile: Pathfile) -> None:
    old = read_certificate(pathfile, "fr", MERCHANT, old=True)
    shutil.move(param / f"certif.fr.{MERCHANT}.old.php", param / "elsewhere")
    with pytest.raises(SealError):
        open_response(seal_response(PAID, old), pathfile)


def test_seal_of_another_merchant_is_rejected(pathfile: Pathfile) -> None:
    other = read_certificate(pathfile, "fr", "014213245611112")
    with pytest.raises(SealError):
        open_response(seal_response(PAID, other), pathfile)


def test_missing_certificate_of_a_merchant_is_reported(pathfile: Pathfile) -> None:
    certificate = read_certificate(pathfile, "fr", MERCHANT)
    with pytest.raises(CertificateMissing, match=r"certif\.fr\.999\.php"):
        open_response(seal_response({**PAID, "merchant_id": "999"}, certificate), pathfile)


@pytest.mark.parametrize(
    ("data", "error"),
    [
        ("", MessageLengthError),
        ("00" * 32, MessageLengthError),
        ("x" * 80, MessageEncodingError),
        ("é" * 80, MessageEncodingError),
        ("00" * 50, MessageEncodingError),
        ("20" * 50, MessageEncodingError),
        ("20202033306" + "0" * 85, MessageEncodingError),
        ("2020203330" + "60" * 39 + "0" * 16, MessageStructureError),
        ("2020203330" + "60" * 40 + "0" * 16, MessageStructureError),
        (" 2" * 60, MessageEncodingError),
    ],
)
def test_malformed_message_is_rejected(pathfile: Pathfile, data: str, error: type[MessageError]) -> None:
    with pytest.raises(error):
        open_response(data, pathfile)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("amount", "12"),
        ("amount", "12a"),
        ("amount", "12é"),
        ("amount", "٣٤٥"),
        ("transaction_id", ""),
        ("transaction_id", "x"),
        ("transmission_date", "2026"),
        ("transmission_date", "2026112309300"),
        ("transmission_date", "2026112309300x"),
    ],
)
def test_message_with_an_invalid_field_of_the_key_is_rejected(
    pathfile: Pathfile, name: str, value: str
) -> None:
    tags = {"amount": 3, "transaction_id": 5, "transmission_date": 6}
    fields = {**PAID, name: value}
    records = [(2, MERCHANT.encode()), (29, b"fr"), *((tag, fields[n].encode()) for n, tag in tags.items())]
    with pytest.raises(MessageStructureError, match=name):
        open_response(encode(build(records)).hex() + "0" * 16, pathfile)


@pytest.mark.parametrize(
    ("altered", "words"),
    [
        (b"", "header"),
        (b"\x01\x02000013330000", "header"),
        (b"\x01\x020000133400X", "header"),
        (b"\x01\x0200001335000", "header"),
        (b"\x01\x0200001434000", "header"),
        (b"\x01\x0200001234000", "header"),
        (b"\x01\x0200001334001", "number of fields"),
        (b"\x01\x02000022340020010001a\n", "number of fields"),
        (b"\x01\x02000020340010030001", "length of field 3"),
        (b"\x01\x0200002234001003000712", "length of field 3"),
        (b"\x01\x02000022340010030001a!", "length of field 3"),
        (b"\x01\x0200002234001x030001a\n", "record 1"),
        (b"\x01\x02000029340020030001a\n0050001", "length of field 5"),
        (b"\x01\x02000031340020030001a\n005000xa\n", "record 2"),
    ],
)
def test_inconsistent_part_of_a_message_is_reported(altered: bytes, words: str) -> None:
    with pytest.raises(MessageStructureError) as refusal:
        parse(altered)
    assert str(refusal.value) == f"Error in loading the response structure ({words})"


def test_message_shorter_than_one_without_records_is_rejected(pathfile: Pathfile) -> None:
    shortest = encode(build([])).hex() + "0" * 16
    assert len(shortest) == 66
    with pytest.raises(MessageStructureError, match="amount"):
        open_response(shortest, pathfile)
    with pytest.raises(MessageLengthError):
        open_response(shortest[:-1], pathfile)


@pytest.mark.parametrize(
    ("alter", "error"),
    [
        (lambda sealed: sealed[:20] + "  " + sealed[20:], MessageEncodingError),
        (lambda sealed: sealed[:20] + "\n" + sealed[20:], MessageEncodingError),
        (lambda sealed: sealed[:-16].upper() + sealed[-16:], SealError),
        (lambda sealed: sealed[:-16] + sealed[-16:].upper(), SealError),
        (lambda sealed: sealed[:-16] + "0" * 16, SealError),
        (lambda sealed: sealed[:-16] + "é" * 16, SealError),
    ],
)
def test_message_in_another_notation_is_rejected(
    pathfile: Pathfile, sealed: str, alter: Callable[[str], str], error: type[MessageError]
) -> None:
    assert sealed[:-16].upper() != sealed[:-16] and sealed[-16:].upper() != sealed[-16:]
    with pytest.raises(error):
        open_response(alter(sealed), pathfile)


def test_message_sealed_in_capital_letters_is_rejected(pathfile: Pathfile, sealed: str) -> None:
    body = sealed[:-16].upper()
    mac = _mac(body, PAID, read_certificate(pathfile, "fr", MERCHANT))
    with pytest.raises(SealError):
        open_response(body + mac, pathfile)


def test_last_group_with_invalid_padding_or_length_is_rejected() -> None:
    sound = encode(b"a")
    assert decode(sound) == b"a"
    for altered in (sound[:5] + encode(b"abc")[5:], sound + b"````", sound[:-1]):
        with pytest.raises(MessageStructureError) as refusal:
            decode(altered)
        assert str(refusal.value) == "Error in loading the response structure (length)"
