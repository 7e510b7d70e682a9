"""Forms as web servers give them, read within limits."""

import io
from collections.abc import Callable
from http import HTTPStatus
from pathlib import Path
from typing import Any

import pytest

from sogenactif.configuration import Pathfile
from sogenactif.http import MAX_BYTES, STATUS, HttpError, allow, read_form, read_query, send
from tests.support.shop import Shop, ask


@pytest.fixture
def shop(pathfile: Pathfile, tmp_path: Path) -> Shop:
    return Shop(pathfile, tmp_path / "autoresponse.log")


@pytest.mark.parametrize(
    ("server", "status"), [("wsgi.run_once", 200), ("wsgi.input_terminated", 200), ("wsgi.multithread", 411)]
)
def test_chunked_body_is_read_or_answered_with_411(shop: Shop, server: str, status: int) -> None:
    body = b"DATA=" + shop.seal().encode()
    chunked: dict[str, Any] = {"CONTENT_LENGTH": "", "HTTP_TRANSFER_ENCODING": "Chunked", server: True}
    answer = ask(shop.autoresponse, "POST", body=body, **chunked)
    assert (answer.status, len(shop.outcomes)) == (status, status == 200)
    too_long = ask(shop.autoresponse, "POST", body=body + b"&x=" + b"x" * MAX_BYTES, **chunked)
    assert too_long.status == (413 if status == 200 else 411)


FORM = "application/x-www-form-urlencoded"


def posted(body: bytes, **variables: Any) -> dict[str, Any]:
    """The variables of a request that posts a form."""
    length = {"CONTENT_TYPE": FORM, "CONTENT_LENGTH": str(len(body))}
    return {**length, "wsgi.input": io.BytesIO(body), **variables}


FORMS = [
    (b"", {}),
    (b"DATA=20aa", {"DATA": "20aa"}),
    (b"a=1&b=2", {"a": "1", "b": "2"}),
    (b"a=b=c", {"a": "b=c"}),
    (b"Data=QQ==&Seal=ff", {"Data": "QQ==", "Seal": "ff"}),
    (b"a=1&a=2", {"a": "2"}),
    (b"a=1&&b&c=", {"a": "1", "b": "", "c": ""}),
    (b"a=x+y%20z%2B%26%3D", {"a": "x y z+&="}),
    (b"a+b%3D=1", {"a b=": "1"}),
    (b"a=%C3%A9%ff&b=\xc3\xa9", {"a": "\u00e9\udcff", "b": "\u00e9"}),
    (b"a=100%&b=%zz", {"a": "100%", "b": "%zz"}),
]


@pytest.mark.parametrize(("body", "fields"), FORMS)
def test_form_and_query_string_are_parsed_alike(body: bytes, fields: dict[str, str]) -> None:
    assert read_form(posted(body)) == fields
    assert read_query({"QUERY_STRING": body.decode("latin-1")}) == fields


def test_request_without_a_query_string_or_a_body_has_no_fields() -> None:
    assert read_query({}) == {}
    assert read_form({"wsgi.input": io.BytesIO(b"a=1")}) == {}
    assert read_form(posted(b"a=1", CONTENT_LENGTH="")) == {}


@pytest.mark.parametrize(
    "content_type",
    ["", FORM, f"{FORM};charset=UTF-8", " Application/X-WWW-Form-Urlencoded ; charset=ISO-8859-1", ";x"],
)
def test_form_is_accepted_with_its_content_type_or_without_one(content_type: str) -> None:
    assert read_form(posted(b"a=1", CONTENT_TYPE=content_type)) == {"a": "1"}


def refusal(call: Callable[[], object]) -> tuple[int, str, list[tuple[str, str]]]:
    with pytest.raises(HttpError) as error:
        call()
    return error.value.status, str(error.value), error.value.headers


@pytest.mark.parametrize(
    ("variables", "status", "why"),
    [
        ({"CONTENT_TYPE": "text/plain; charset=UTF-8"}, 400, "content type text/plain"),
        ({"CONTENT_TYPE": "multipart/form-data"}, 400, "content type multipart/form-data"),
        ({"CONTENT_LENGTH": "-1"}, 400, "content length -1"),
        ({"CONTENT_LENGTH": "3 "}, 400, "content length 3 "),
        ({"CONTENT_LENGTH": "٣"}, 400, "content length ٣"),
        ({"CONTENT_LENGTH": "4"}, 400, "3 bytes of 4"),
        ({"CONTENT_LENGTH": "65536"}, 400, "3 bytes of 65536"),
        ({"CONTENT_LENGTH": "65537"}, 413, "65537 bytes"),
        ({"CONTENT_LENGTH": "9" * 5000}, 413, "9" * 5000 + " bytes"),
        ({"CONTENT_LENGTH": "", "HTTP_TRANSFER_ENCODING": "gzip, Chunked"}, 411, "chunked request body"),
    ],
)
def test_invalid_body_is_rejected_with_a_reason(variables: dict[str, str], status: int, why: str) -> None:
    assert refusal(lambda: read_form(posted(b"a=1", **variables))) == (status, why, [])


def test_body_larger_than_64_kib_is_rejected() -> None:
    whole = b"a=" + b"x" * (64 * 1024 - 2)
    in_chunks = {"CONTENT_LENGTH": "", "HTTP_TRANSFER_ENCODING": "chunked", "wsgi.input_terminated": True}
    assert read_form(posted(whole)) == read_form(posted(whole, **in_chunks)) == {"a": "x" * 65534}
    assert read_query({"QUERY_STRING": whole.decode()}) == {"a": "x" * 65534}
    assert refusal(lambda: read_form(posted(whole + b"x"))) == (413, "65537 bytes", [])
    assert refusal(lambda: read_form(posted(whole + b"x" * 999, **in_chunks))) == (413, "65537 bytes", [])
    query = {"QUERY_STRING": whole.decode() + "xx"}
    assert refusal(lambda: read_query(query)) == (413, "65538 bytes", [])


def test_body_ends_at_its_content_length() -> None:
    chunked = {"HTTP_TRANSFER_ENCODING": "chunked"}
    assert read_form(posted(b"a=1&b=2", CONTENT_LENGTH="3")) == {"a": "1"}
    assert read_form(posted(b"a=1&b=2", CONTENT_LENGTH="3", **chunked)) == {"a": "1"}


def test_form_has_at_most_100_fields(shop: Shop) -> None:
    hundred = "&".join(f"x{n}=1" for n in range(100))
    assert len(read_form(posted(hundred.encode()))) == len(read_query({"QUERY_STRING": hundred})) == 100
    more = f"{hundred}&y=1"
    assert refusal(lambda: read_form(posted(more.encode()))) == (400, "more than 100 fields", [])
    assert refusal(lambda: read_query({"QUERY_STRING": more})) == (400, "more than 100 fields", [])
    for fields, status in ((100, 200), (101, 400)):
        body = b"&".join([b"x=1"] * (fields - 1) + [b"DATA=" + shop.seal().encode()])
        assert ask(shop.autoresponse, "POST", body=body).status == status


def test_method_that_is_not_allowed_is_answered_with_405() -> None:
    assert allow({"REQUEST_METHOD": "POST"}, "GET", "POST") == "POST"
    allowed = [("Allow", "GET, HEAD")]
    put = {"REQUEST_METHOD": "PUT"}
    assert refusal(lambda: allow(put, "GET", "HEAD")) == (405, "method PUT", allowed)
    assert refusal(lambda: allow({}, "GET", "HEAD")) == (405, "method ", allowed)


def test_every_response_has_headers_against_caching_and_sniffing() -> None:
    answered: list[object] = []

    def start_response(status: str, headers: list[tuple[str, str]], *_: object) -> Callable[[bytes], object]:
        answered.extend((status, headers))
        return answered.append

    assert send(start_response, 405, b"caf\xc3\xa9", "text/plain", [("Allow", "POST")]) == [b"caf\xc3\xa9"]
    assert answered == [
        "405 Method Not Allowed",
        [
            ("Content-Type", "text/plain"),
            ("Content-Length", "5"),
            ("Cache-Control", "no-store"),
            ("X-Content-Type-Options", "nosniff"),
            ("Referrer-Policy", "same-origin"),
            ("Allow", "POST"),
        ],
    ]


@pytest.mark.parametrize("status", STATUS)
def test_status_has_the_phrase_of_the_standard(status: int) -> None:
    # Older versions of Python know 413 by its name of before RFC 9110.
    assert STATUS[status] == f"{status} {'Content Too Large' if status == 413 else HTTPStatus(status).phrase}"
