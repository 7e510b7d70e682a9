"""Addresses in a request, to which a browser may be sent."""

from collections.abc import Mapping
from urllib.parse import urlencode, urlsplit


def origin(url: str) -> str:
    """Return scheme, host and port of an address, as a Content-Security-Policy names it."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


def with_fields(url: str, post: Mapping[str, str]) -> str:
    """Return an address of the shop with the fields of a response in its query string."""
    address, mark, fragment = url.partition("#")
    joint = "&" if "?" in address else "?"
    return f"{address}{joint}{urlencode(post)}{mark}{fragment}"
