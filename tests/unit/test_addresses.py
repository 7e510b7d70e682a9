"""What counts as an address on the web."""

import string

import pytest

from sogenactif.addresses import is_web_address


@pytest.mark.parametrize(
    "url",
    [
        "http://bank.example",
        "https://bank.example",
        "https://bank.example/",
        "https://bank.example:443/pay?a=b&c=%20",
        "http://127.0.0.1:8080/payment",
        "http://[::1]:8080/payment",
        "https://b/~shop/x_y-z+1.html",
        "https://b/to?http://shop.example/",
        f"https://b/{string.ascii_letters}{string.digits}.-_~:/?&=%+[]",
    ],
)
def test_address_is_http_or_https_and_a_host(url: str) -> None:
    assert is_web_address(url)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "bank.example",
        "//bank.example/",
        "/pay",
        "http:/bank.example",
        "http:bank.example",
        "http://",
        "https:///pay",
        "ftp://bank.example/",
        "HTTP://bank.example/",
        "javascript://bank.example/",
        "xhttp://bank.example/",
        " http://bank.example/",
        "http://bank.example/\n",
    ],
)
def test_anything_else_is_no_address(url: str) -> None:
    assert not is_web_address(url)


@pytest.mark.parametrize("character", [*" \"'<>#!$()*,;@\\^`{|}\t\n\r\0\x7f", "é", "\udce9", "\uff21"])
def test_characters_that_mean_something_in_a_header_or_in_html_are_refused(character: str) -> None:
    assert not is_web_address(f"https://bank.example/pay{character}")
    assert not is_web_address(f"https://bank{character}.example/pay")
