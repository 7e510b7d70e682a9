"""What counts as an address on the web."""

import string

import pytest

from sogenactif.addresses import (
    PAYPAGE_HOSTS,
    host,
    is_address,
    is_local,
    is_safe_address,
    is_shop_address,
    is_test_server,
    production_address,
)


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
def test_http_or_https_address_with_a_host_is_safe(url: str) -> None:
    assert is_safe_address(url)


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
        "https://bank~online.example/pay",
        "https://bank.example:0/pay",
        "https://bank.example:99999999/pay",
        "https://[bank]/pay",
        "https://[bank",
    ],
)
def test_other_address_is_not_safe(url: str) -> None:
    assert not is_safe_address(url)


@pytest.mark.parametrize("character", [*" \"'<>#!$()*,;@\\^`{|}\t\n\r\0\x7f", "é", "\udce9", "\uff21"])
def test_address_with_special_characters_of_headers_or_html_is_not_safe(character: str) -> None:
    assert not is_safe_address(f"https://bank.example/pay{character}")
    assert not is_safe_address(f"https://bank{character}.example/pay")


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("http://shop.example", True),
        ("https://shop.example:8443/return?order=1", True),
        ("http://[::1]:8080/", True),
        ("https://shop.example?order=1", True),
        ("https://shop.example:/return", True),
        ("https://shop.example:65535#top", True),
        ("https://shop.example/it's;<fine>", True),
        ("shop.example/return", False),
        ("ftp://shop.example/", False),
        ("http:///return", False),
        ("http://shop.example/a b", False),
        ("http://shop.example/é", False),
        ("http://shop.example/\r\nX: y", False),
        ("http://shop.example:http/", False),
        ("http://shop.example:0/", False),
        ("http://shop.example:65536/", False),
        ("http://[::1/", False),
        ("http://[shop]/", False),
        ("http://[::1]8080/", False),
        ("http://[::1%lo]/", False),
        ("http://user@shop.example/", False),
    ],
)
def test_address_needs_a_valid_host_and_port(url: str, expected: bool) -> None:
    assert is_address(url) is expected


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://shop.example", True),
        ("http://127.0.0.1:8080", True),
        ("https://shop.example/a%20shop", True),
        ("https://shop.example?page=1", False),
        ("https://shop.example/#top", False),
        ("https://shop.example:0", False),
        ("https://shop!example", False),
    ],
)
def test_address_of_a_shop_has_no_query_string(url: str, expected: bool) -> None:
    assert is_shop_address(url) is expected


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("http://localhost/", True),
        ("http://127.0.0.1:8080/", True),
        ("http://192.168.1.7/", True),
        ("http://[::1]/", True),
        ("http://SHOP.LOCAL/", True),
        ("http://shop.test/", True),
        ("https://shop.example/", False),
        ("https://local.shop.example/", False),
        ("http://8.8.8.8/", False),
    ],
)
def test_local_addresses_are_recognised(url: str, expected: bool) -> None:
    assert is_local(url) is expected


@pytest.mark.parametrize(
    ("url", "expected"), [("https://Shop.Example:1/x", "shop.example"), ("http://[::1/", "")]
)
def test_host_is_in_lower_case_and_empty_if_invalid(url: str, expected: str) -> None:
    assert host(url) == expected


@pytest.mark.parametrize("brand", PAYPAGE_HOSTS)
def test_test_server_of_each_brand_has_its_production_server(brand: str) -> None:
    hosts = PAYPAGE_HOSTS[brand]
    assert not is_test_server(f"https://{hosts['production']}/paymentInit")
    if "test" in hosts:
        test = f"https://{hosts['test']}/paymentInit"
        assert is_test_server(test)
        assert production_address(test) == f"https://{hosts['production']}/paymentInit"


def test_production_server_of_an_unknown_brand_is_that_of_sogenactif() -> None:
    url = "https://payment-webinit.simu.bank.example/paymentInit"
    assert is_test_server(url)
    assert production_address(url) == "https://payment-webinit.sogenactif.com/paymentInit"
