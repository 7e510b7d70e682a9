"""The recorded vectors and the files that they were recorded with."""

import json
import os
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
VECTORS = ROOT / "tests" / "vectors"
MERCHANT, ENROLLED = "014213245611111", "014213245611112"
# What a request asks for, as the ledger records it.
ASKED = {
    "merchant_id": MERCHANT,
    "merchant_country": "fr",
    "amount": "1250",
    "currency_code": "978",
    "order_id": "CMD-42",
    "transmission_date": "20261123093000",
}
# The additional fields of an accepted payment's response.
ACCEPTED = {"response_code": "00", "authorisation_id": "123456", "payment_certificate": "ABC123456"}


def need(found: object, package: str) -> None:
    """Skip a test whose program isn't installed; if CI=true, fail it."""
    if not found:
        (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)(f"{package} is not installed")


def vectors(name: str) -> list[Any]:
    """Return the recorded cases of a file, each a test's parameter under its own name."""
    cases = json.loads((VECTORS / name).read_text())
    return [pytest.param(case, id=case["name"]) for case in cases]


def as_text(recorded: str, param: Path) -> str:
    """Return a recorded string, one character a byte, as the text that the kit works on."""
    return recorded.replace("@PARAM@", str(param)).encode("latin-1").decode("utf-8", "surrogateescape")


def as_recorded(text: str | bytes, param: Path) -> str:
    """Return what the kit printed, written as the vectors write it."""
    content = text if isinstance(text, bytes) else text.encode("utf-8", "surrogateescape")
    return content.decode("latin-1").replace(str(param), "@PARAM@")


def slow(count: int) -> int:
    """Return how often to repeat a slow test: ``count`` times if CI=true, else a fiftieth, at least 10."""
    return count if os.environ.get("CI") == "true" else max(count // 50, 10)


def use_paypage(
    param: Path, address: str = "http://127.0.0.1:8080/payment/paymentInit", **keywords: str
) -> str:
    """Move a pathfile to Paypage, with secret keys; return its path. ``keywords`` go after ``PAYPAGE_``."""
    for merchant_id in (MERCHANT, ENROLLED, "002001000000003"):
        for name, version in (("", "1"), (".old", "0")):
            key = param / f"key.{merchant_id}{name}"
            key.write_text(f"{merchant_id}_KEY{version}\n")
            key.chmod(0o600)
    keywords = {"URL": address, "KEY": f"{param}/key", **keywords}
    lines = ["PROTOCOL!paypage!", *(f"PAYPAGE_{name}!{value}!" for name, value in keywords.items())]
    with (param / "pathfile").open("a") as file:
        file.write("\n" + "\n".join(lines) + "\n")
    return str(param / "pathfile")
