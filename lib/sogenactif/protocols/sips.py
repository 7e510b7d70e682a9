"""Messages of Sips 1.0, DATA: fields as records, records as bytes, bytes as hexadecimal, and the seal.

The bytes of a message are built and taken apart here and nowhere else. Field values are text
that keeps every byte (``fields.to_text``). Source: docs/wire-format.md, 1, 2, 5.
"""

import re
from binascii import a2b_base64, b2a_base64
from collections.abc import Iterable, Mapping

from sogenactif.configuration import Pathfile
from sogenactif.errors import (
    MessageEncodingError,
    MessageLengthError,
    MessageStructureError,
    SealError,
)
from sogenactif.fields import REQUEST, RESPONSE, is_digits, to_bytes, to_text
from sogenactif.protocols import secrets_of
from sogenactif.protocols.certificate import Certificate, read_certificate
from sogenactif.protocols.des import DES

try:
    # hmac.compare_digest without importing hmac, which loads OpenSSL. CPython has it, other interpreters may not.
    from _operator import _compare_digest as compare_digest
except ImportError:
    from hmac import compare_digest  # type: ignore[no-redef, assignment, unused-ignore]

TYPE_CHECKING = False
if TYPE_CHECKING:
    from Crypto.Cipher._mode_ecb import EcbMode

VERSION = "P615"
HEADER = re.compile(rb"\x01\x02(\d{6})34(\d{3})")
RECORD = re.compile(rb"(\d{3})(\d{4})")
NOT_ENCODED = re.compile(rb"[^\x21-\x60]")
# uuencode is base64 in another alphabet: 6 bits v are chr(v + 32), and 0 is a backquote.
BASE64_ALPHABET = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
UU_ALPHABET = b"`" + bytes(range(33, 96))
TO_UU, FROM_UU = bytes.maketrans(BASE64_ALPHABET, UU_ALPHABET), bytes.maketrans(UU_ALPHABET, BASE64_ALPHABET)
LENGTH_DIGITS, SEAL_DIGITS = 5, 16
MIN_MESSAGE_DIGITS = 2 * (LENGTH_DIGITS + 20) + SEAL_DIGITS
MIN_DIGITS = {"amount": 3, "transmission_date": 14, "transaction_id": 1}

Records = list[tuple[int, bytes]]


class Gateway:
    """Seal a merchant's requests for Sips 1.0."""

    def __init__(self, certificate: Certificate) -> None:
        self.certificate = certificate

    def __repr__(self) -> str:
        return f"<Gateway sips {self.action}>"

    @property
    def action(self) -> str:
        """Return the address to which the customer's browser posts DATA."""
        return self.certificate.payment_url + "/callpayment"

    @property
    def path(self) -> str:
        """Return the path of the certificate."""
        return self.certificate.path

    def check(self, fields: Mapping[str, str]) -> None:
        """Accept all fields: DATA holds whatever the dictionary allows."""

    def seal(self, fields: Mapping[str, str], means: Iterable[str]) -> dict[str, dict[str, str]]:
        """Return the hidden fields of one form for all means: the clicked button names the means."""
        return {"": {"DATA": seal_request(fields, self.certificate)}}

    def unsupported_fields(self, fields: Mapping[str, str]) -> dict[str, str]:
        """Return no fields: DATA has a place for each."""
        return {}


def gateway(pathfile: Pathfile, country: str, merchant_id: str) -> Gateway:
    """Return the gateway for a merchant's requests. Raises SecretError."""
    return Gateway(read_certificate(pathfile, country, merchant_id))


def seal_request(fields: Mapping[str, str], certificate: Certificate) -> str:
    """Return DATA of a payment request; ``fields`` hold at least amount, transaction_id and transmission_date.

    Empty fields are left out. The version, the certificate's own fields and the ciphering of
    customer_id are added here.
    """
    sent = dict(fields, version=VERSION, certificate_date=certificate.made)
    if certificate.header:
        for name in ("certificate_expired", "certificate_version", "certificate_type"):
            sent[name] = certificate.header.get(name, "")
    if sent.get("customer_id"):
        sent["customer_id"] = _encipher_customer(sent, certificate)
    records = [(tag, to_bytes(sent[name])) for tag, name in REQUEST.items() if sent.get(name)]
    return _seal(records, fields, certificate)


def open_request(data: str, pathfile: Pathfile) -> tuple[dict[str, str], Certificate]:
    """Return the fields of a payment request, as its server reads it, and the certificate that sealed it.

    Raises MessageError, or SecretError if the merchant's certificate can't be used.
    """
    fields, certificate = _open(data, pathfile, REQUEST)
    if fields.get("customer_id"):
        fields["customer_id"] = _decipher_customer(fields, certificate)
    return fields, certificate


def seal_response(fields: Mapping[str, str], certificate: Certificate) -> str:
    """Return DATA of a payment response, as its server makes it; empty fields are left out."""
    records = [(1, to_bytes(VERSION)), (41, to_bytes(certificate.made))]
    records += [(tag, to_bytes(fields[name])) for tag, name in RESPONSE.items() if fields.get(name)]
    return _seal(records, fields, certificate)


def open_response(data: str, pathfile: Pathfile) -> dict[str, str]:
    """Return the fields of a payment response, its seal verified.

    Raises MessageError, or SecretError if the merchant's certificate can't be used.
    """
    fields, _ = _open(data, pathfile, RESPONSE)
    return fields


def read_unverified(data: str) -> dict[str, str]:
    """Return the fields of a payment response without verifying its seal. Raises MessageError."""
    return _unverified(data, RESPONSE)[0]


def build(records: Records) -> bytes:
    """Return the plain message of these records."""
    body = b"".join(b"%03d%04d%b\n" % (tag, len(value), value) for tag, value in records)
    return b"\x01\x02%06d34%03d" % (13 + len(body), len(records)) + body


def parse(plain: bytes) -> Records:
    """Return the records of a plain message. Raises MessageStructureError if its parts don't agree."""
    header = HEADER.match(plain)
    if not header or int(header[1]) != len(plain):
        raise MessageStructureError("header")
    records: Records = []
    place = header.end()
    while place < len(plain):
        head = RECORD.match(plain, place)
        if not head:
            raise MessageStructureError(f"record {len(records) + 1}")
        end = head.end() + int(head[2])
        if plain[end : end + 1] != b"\n":
            raise MessageStructureError(f"length of field {int(head[1])}")
        records.append((int(head[1]), plain[head.end() : end]))
        place = end + 1
    if int(header[2]) != len(records):
        raise MessageStructureError("number of fields")
    return records


def encode(plain: bytes) -> bytes:
    """Return the length and the encoded form of a plain message, before it is written in hexadecimal."""
    encoded = b2a_base64(plain + bytes(-len(plain) % 3), newline=False).translate(TO_UU)
    return b"%5d" % len(plain) + encoded.replace(b'"', b'\\"')


def decode(content: bytes) -> bytes:
    """Return the plain message of an encoded one. Raises MessageEncodingError or MessageStructureError."""
    length = content[:LENGTH_DIGITS].lstrip(b" ")
    encoded = content[LENGTH_DIGITS:].replace(b'\\"', b'"')
    if not length.isdigit() or NOT_ENCODED.search(encoded):
        raise MessageEncodingError
    if len(encoded) != 4 * -(-int(length) // 3):
        raise MessageStructureError("length")
    padded = a2b_base64(encoded.translate(FROM_UU))
    if any(padded[int(length) :]):
        raise MessageStructureError("length")
    return padded[: int(length)]


def _seal(records: Records, fields: Mapping[str, str], certificate: Certificate) -> str:
    body = encode(build(records)).hex()
    return body + _mac(body, fields, certificate)


def _unverified(data: str, tags: Mapping[int, str]) -> tuple[dict[str, str], str, str]:
    """Return the fields of a message, what its seal covers, and the seal. Raises MessageError."""
    if len(data) < MIN_MESSAGE_DIGITS:
        raise MessageLengthError
    body, mac = data[:-SEAL_DIGITS], data[-SEAL_DIGITS:]
    try:
        content = bytes.fromhex(body)
    except ValueError:
        raise MessageEncodingError from None
    if content.hex() != body.lower():
        raise MessageEncodingError
    records = parse(decode(content))
    fields = {tags[tag]: to_text(value) for tag, value in records if tag in tags}
    for name, fewest in MIN_DIGITS.items():
        value = fields.get(name, "")
        if len(value) < fewest or not is_digits(value):
            raise MessageStructureError(name)
    return fields, body, mac


def _open(data: str, pathfile: Pathfile, tags: Mapping[int, str]) -> tuple[dict[str, str], Certificate]:
    fields, body, mac = _unverified(data, tags)
    country, merchant_id = fields.get("merchant_country", ""), fields.get("merchant_id", "")
    for certificate, _ in secrets_of(lambda old: read_certificate(pathfile, country, merchant_id, old)):
        genuine = compare_digest(_mac(body, fields, certificate).encode(), mac.encode("utf-8", "replace"))
        if genuine and body == body.lower():
            return fields, certificate
    raise SealError


def _mac(body: str, fields: Mapping[str, str], certificate: Certificate) -> str:
    key = certificate.message_key(fields["amount"], fields["transmission_date"], fields["transaction_id"])
    text = body.encode("ascii")
    return DES.new(key, DES.MODE_CBC, iv=bytes(8)).encrypt(text + bytes(8 - len(text) % 8))[-8:].hex()


def _encipher_customer(fields: Mapping[str, str], certificate: Certificate) -> str:
    first, second = _customer_ciphers(fields, certificate)
    value = to_bytes(fields["customer_id"])
    value += bytes(-len(value) % 8)
    return first.encrypt(second.decrypt(first.encrypt(value))).hex().upper()


def _decipher_customer(fields: Mapping[str, str], certificate: Certificate) -> str:
    first, second = _customer_ciphers(fields, certificate)
    try:
        value = bytes.fromhex(fields["customer_id"])
        return to_text(first.decrypt(second.encrypt(first.decrypt(value))).rstrip(b"\0"))
    except ValueError:
        raise MessageStructureError("customer_id") from None


def _customer_ciphers(fields: Mapping[str, str], certificate: Certificate) -> "tuple[EcbMode, EcbMode]":
    keys = certificate.customer_keys(fields["amount"], fields["transmission_date"], fields["transaction_id"])
    return _ecb(keys[0]), _ecb(keys[1])


def _ecb(key: bytes) -> "EcbMode":
    return DES.new(key, DES.MODE_ECB)  # type: ignore[return-value]
