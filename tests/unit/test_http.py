"""Forms as web servers give them, read within limits."""

import io
from pathlib import Path
from typing import Any

import pytest

from sogenactif.configuration import Pathfile
from sogenactif.http import MOST_BYTES, read_form
from tests.support.shop import Shop, ask


@pytest.fixture
def shop(pathfile: Pathfile, tmp_path: Path) -> Shop:
    return Shop(pathfile, tmp_path / "autoresponse.log")


@pytest.mark.parametrize(
    ("server", "status"), [("wsgi.run_once", 200), ("wsgi.input_terminated", 200), ("wsgi.multithread", 411)]
)
def test_a_body_in_chunks_is_read_to_its_end_or_answered_411(shop: Shop, server: str, status: int) -> None:
    body = b"DATA=" + shop.seal().encode()
    chunked: dict[str, Any] = {"CONTENT_LENGTH": "", "HTTP_TRANSFER_ENCODING": "Chunked", server: True}
    answer = ask(shop.autoresponse, "POST", body=body, **chunked)
    assert (answer.status, len(shop.outcomes)) == (status, status == 200)
    too_long = ask(shop.autoresponse, "POST", body=body + b"&x=" + b"x" * MOST_BYTES, **chunked)
    assert too_long.status == (413 if status == 200 else 411)


def test_a_form_has_at_most_100_fields_and_a_value_may_hold_an_equals_sign(shop: Shop) -> None:
    environ = {
        "CONTENT_TYPE": " Application/x-www-form-urlencoded ; charset=ISO-8859-1",
        "wsgi.input": io.BytesIO(b"a=b=c&a=%3D+%26"),
    }
    assert read_form({**environ, "CONTENT_LENGTH": "5"}) == {"a": "b=c"}
    environ["wsgi.input"] = io.BytesIO(b"a=1&a=%3D+%26&&b")
    assert read_form({**environ, "CONTENT_LENGTH": "16"}) == {"a": "= &", "b": ""}
    for fields, status in ((100, 200), (101, 400)):
        body = b"&".join([b"x=1"] * (fields - 1) + [b"DATA=" + shop.seal().encode()])
        assert ask(shop.autoresponse, "POST", body=body).status == status
