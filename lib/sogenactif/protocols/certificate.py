"""Merchant certificates: reading them, their keys, their addresses, and issuing them.

A certificate is a secret: anybody who reads it can seal. Source: docs/wire-format.md, 3 to 5.
"""

import os
import time
from binascii import b2a_base64
from collections.abc import Sequence

from sogenactif.addresses import is_safe_address
from sogenactif.configuration import Pathfile
from sogenactif.dates import read_day
from sogenactif.errors import CertificateError, CertificateMissing
from sogenactif.fields import MAX_LENGTH, to_text
from sogenactif.files import cached_until_changed, read_file, stays_in_directory
from sogenactif.protocols.des import DES

TYPE_CHECKING = False
if TYPE_CHECKING:
    from datetime import date

ROW = 66
GRID_ROWS, GRID_COLUMNS = 25, 65
URLS, URL_ROWS = 4, 4
FIRST_URL_ROW = GRID_ROWS
OWNER_ROW = 42
ROWS = 44
MAX_URL_LENGTH = 125
DATA_FOLLOWS = b"certificate_data!"
OWN_BANK = ["SANDBOX", "DEMO"]


class Certificate:
    """Hold the content of a certificate.

    ``grid`` is 25 rows of 65 characters; ``payment_url`` the server's address without
    ``/callpayment``; ``made`` its date, aaaammjj; ``header`` the lines of a typed one
    (merchant_id, certificate_expired…), empty for an untyped one; ``own`` whether this kit issued
    it, for the sandbox only.
    """

    def __init__(
        self, path: str, header: dict[str, str], rows: list[bytes], payment_url: str, made: str, own: bool
    ) -> None:
        self.path = path
        self.header = header
        self.grid = rows[:GRID_ROWS]
        self.payment_url = payment_url
        self.made = made
        self.own = own
        self._rows = rows

    def __repr__(self) -> str:
        return f"Certificate({self.path!r})"

    @property
    def services(self) -> tuple[str, ...]:
        """Return the addresses of the four services, the payment's first; an unreadable one is empty."""
        return tuple(_decipher_url(self._rows, service) for service in range(URLS))

    @property
    def last_day(self) -> "date | None":
        """Return the last day on which a bank accepts it; None if none is named, or it is not a day."""
        try:
            return read_day(self.header.get("certificate_expired", ""))
        except ValueError:
            return None

    def message_key(self, amount: str, transmission_date: str, transaction_id: str) -> bytes:
        """Return the DES key of a message, 8 bytes.

        The three are strings of ASCII digits: at least 3, 14 and 1 of them.
        """
        return self._key([*map(int, amount)], [*map(int, transmission_date)], transaction_id.encode("ascii"))

    def customer_keys(self, amount: str, transmission_date: str, transaction_id: str) -> tuple[bytes, bytes]:
        """Return the two DES keys that encipher customer_id in the request with these digits."""
        a, d, t = amount.zfill(12), transmission_date, transaction_id.zfill(6)
        swaps = (
            (
                ((0, d[7]), (2, t[4]), (5, d[0]), (9, t[0]), (11, d[3])),
                ((0, t[5]), (3, a[11]), (7, a[10])),
                ((0, a[11]), (3, a[9]), (5, d[6])),
            ),
            (
                ((1, t[2]), (8, t[3]), (10, t[5])),
                ((1, t[2]), (8, t[4]), (6, t[5])),
                ((3, a[8]), (0, a[9]), (5, a[10])),
            ),
        )
        first, second = (
            self.message_key(_replace(a, in_amount), _replace(d, in_date), _replace(t, in_id))
            for in_amount, in_date, in_id in swaps
        )
        return first, second

    def _key(self, amount: Sequence[int], day: Sequence[int], number: bytes) -> bytes:
        n, length = len(amount) - 2, len(number)
        digits = []
        for i in range(16):
            j = i + 1
            t = number[length - (j % length) - 1]
            a = amount[n - (j % n)]
            c = 10 - (j % 10)
            d, e = day[c], day[(c + 5) % 10]
            column = ((j + e) * (a + d), (j + t) * abs(d - e), j * (t + d))[i % 3] % GRID_COLUMNS
            c = j % 10
            d, e = day[c], day[(c + 7) % 10]
            row = ((j + a) * (e + d), abs((j - e) * (d - t)), (j + t) * (a + d))[i % 3] % GRID_ROWS
            digits.append(self.grid[row][column] % 16)
        return _pack(digits)


def certificate_path(pathfile: Pathfile, country: str, merchant_id: str, old: bool = False) -> str:
    """Return the path of a merchant's certificate, or with ``old`` of the previous one.

    Raises CertificateMissing if country or merchant_id is too long or would lead out of the directory.
    """
    type_ = pathfile.certificate_type
    parts = [pathfile.certificates, country, merchant_id] + ["old"] * old + [type_] * bool(type_)
    path = ".".join(parts)
    for name, value in (("merchant_country", country), ("merchant_id", merchant_id)):
        if not stays_in_directory(value) or len(value) > MAX_LENGTH[name]:
            raise CertificateMissing(path)
    return path


def read_certificate(pathfile: Pathfile, country: str, merchant_id: str, old: bool = False) -> Certificate:
    """Return the certificate of a merchant, checked to be theirs and of the pathfile's type.

    Raises CertificateMissing if there is none, CertificateError if it can't be used.
    """
    path = certificate_path(pathfile, country, merchant_id, old)
    return _read(merchant_id, country, pathfile.certificate_type, path)


@cached_until_changed
def _read(merchant_id: str, country: str, type_: str, path: str) -> Certificate:
    header, rows = _split(path, bool(type_))
    if type_:
        _check_owner(header, merchant_id, country, type_)
    return _parse(path, header, rows)


def open_certificate(path: str) -> Certificate:
    """Return the certificate in a file, of whatever merchant.

    Raises CertificateMissing if there is none, CertificateError if it can't be used.
    """
    header, rows = _split(path)
    return _parse(path, header, rows)


def _split(path: str, typed: bool | None = None) -> tuple[dict[str, str], list[bytes]]:
    """Return the header and the rows of a certificate's file; ``typed=None`` detects the type from the content."""
    try:
        content = read_file(path)
    except FileNotFoundError:
        raise CertificateMissing(path) from None
    except (OSError, ValueError) as error:
        raise CertificateError(f"Error reading certificate file ({path})") from error
    rows = content.replace(b"\r\n", b"\n").split(b"\n")
    if typed is None:
        typed = any(row.startswith(DATA_FOLLOWS) for row in rows)
    return _split_header(rows) if typed else ({}, rows)


def issue_certificate(
    payment_url: str, merchant_id: str, country: str = "fr", type_: str = "php", expired: str = "20991231"
) -> bytes:
    """Issue a new certificate for a merchant; return the content of its file, ASCII.

    ``type_`` empty makes an untyped one; ``expired`` is its last day, aaaammjj. All four
    services get the address of the payment, the only one that the kit reads. Raises
    CertificateError for an address of more than 125 characters, or one that isn't http or https.
    """
    rows = [_filler(ROW) for _ in range(GRID_ROWS)]
    key = _pack([code % 16 for code in rows[0][:16].encode()])
    for _ in range(URLS):
        rows += _encipher_url(payment_url, key)
    owner = time.strftime("sandbox,%d/%m/%Y,V4,SANDBOX,DEMO")
    rows += ["+" * ROW, owner.ljust(ROW, "+"), "END".rjust(ROW, "+")]
    if type_:
        head = {
            "merchant_id": merchant_id,
            "merchant_country": country,
            "certificate_expired": expired,
            "certificate_version": "1.0",
            "certificate_type": type_,
        }
        opening = ["<?php", "/*__DEBUT__", *(f"{k}!{v}!" for k, v in head.items()), "certificate_data!"]
        rows = [*opening, *rows, "__FIN__*/", "?>"]
    return "".join(row + "\n" for row in rows).encode("ascii")


def _split_header(lines: list[bytes]) -> tuple[dict[str, str], list[bytes]]:
    header: dict[str, str] = {}
    for number, line in enumerate(lines):
        if line.startswith(DATA_FOLLOWS):
            return header, lines[number + 1 :]
        keyword, _, rest = to_text(line).partition("!")
        header[keyword] = rest.partition("!")[0]
    return header, []


def _check_owner(header: dict[str, str], merchant_id: str, country: str, type_: str) -> None:
    for words, keyword, wanted in (
        ("error merchant id request", "merchant_id", merchant_id),
        ("error merchant country request", "merchant_country", country),
        ("error certificat type pathfile", "certificate_type", type_),
    ):
        actual = header.get(keyword, "")
        if actual != wanted:
            raise CertificateError(
                f"Error reading certificate file field ({words} {wanted} differ certificate file {actual})"
            )


def _parse(path: str, header: dict[str, str], rows: list[bytes]) -> Certificate:
    rows = rows[:ROWS]
    for row in rows[:GRID_ROWS]:
        if len(row) < GRID_COLUMNS:
            raise CertificateError(f"Error in MAC key generation ({path})")
    if len(rows) <= OWNER_ROW:
        raise CertificateError(f"Error reading certificate data at line  ({len(rows) + 1})")
    payment_url = _decipher_url(rows, 0)
    if not payment_url:
        raise CertificateError(f"Error reading URL ({path})")
    parts = to_text(rows[OWNER_ROW]).split(",")
    day = parts[1].split("/") if len(parts) > 1 else []
    if [len(part) for part in day] != [2, 2, 4] or not "".join(day).isdecimal():
        raise CertificateError(f"Error reading certificate data at line  ({OWNER_ROW + 1})")
    own = [part.rstrip("+") for part in parts[3:5]] == OWN_BANK
    return Certificate(path, header, rows, payment_url, "".join(reversed(day)), own)


def _decipher_url(rows: list[bytes], service: int) -> str:
    """Return the address of one of the four services, empty if it can't be used."""
    key = _pack([code % 16 for code in rows[0][:16]])
    first = FIRST_URL_ROW + service * URL_ROWS
    try:
        text = b"".join(row[:ROW] for row in rows[first : first + URL_ROWS]).decode("ascii")
        hexadecimal = text[3 : 3 + int(text[:3])]
        plain = DES.new(key, DES.MODE_ECB).decrypt(bytes.fromhex(hexadecimal)).decode("ascii")
        url = plain[3 : 3 + int(plain[:3])]
    except ValueError:
        return ""
    return url if is_safe_address(url) else ""


def _encipher_url(url: str, key: bytes) -> list[str]:
    if len(url) > MAX_URL_LENGTH or not is_safe_address(url):
        raise CertificateError(f"Error writing URL ({url})")
    plain = f"{len(url):03}{url}".encode("ascii")
    cipher = DES.new(key, DES.MODE_ECB).encrypt(plain + bytes(-len(plain) % 8)).hex().upper()
    text = f"{len(cipher):03}{cipher}"
    text += _filler(ROW * URL_ROWS - len(text))
    return [text[start : start + ROW] for start in range(0, len(text), ROW)]


def _filler(length: int) -> str:
    letters_and_digits = b2a_base64(os.urandom(4 * length)).translate(None, b"+/=\n")
    return letters_and_digits[:length].decode("ascii")


def _replace(text: str, characters: tuple[tuple[int, str], ...]) -> str:
    result = list(text)
    for place, character in characters:
        result[place] = character
    return "".join(result)


def _pack(hexadecimal_digits: list[int]) -> bytes:
    """Return 16 numbers of 4 bits as 8 bytes."""
    pairs = zip(hexadecimal_digits[::2], hexadecimal_digits[1::2], strict=True)
    return bytes(high << 4 | low for high, low in pairs)
