"""Addresses in a request, to which a browser may be sent."""

import re
from collections.abc import Mapping
from urllib.parse import urlencode, urlsplit

URL = re.compile(r"https?://([\w.-]+|\[[0-9A-Fa-f:.]+\])(:[0-9]{1,5})?([/?#][\x21-\x7e]*)?", re.ASCII)


def is_address(url: str) -> bool:
    """Return whether a URL is http or https, with a host, a valid port, and no character that a header can't hold."""
    if not URL.fullmatch(url):
        return False
    try:
        parts = urlsplit(url)
        return bool(parts.hostname) and (parts.port is None or parts.port > 0)
    except ValueError:
        return False


def origin(url: str) -> str:
    """Return scheme, host and port of an address, as a Content-Security-Policy names it."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


def with_fields(url: str, post: Mapping[str, str]) -> str:
    """Return an address of the shop with the fields of a response in its query string."""
    address, mark, fragment = url.partition("#")
    joint = "&" if "?" in address else "?"
    return f"{address}{joint}{urlencode(post)}{mark}{fragment}"
