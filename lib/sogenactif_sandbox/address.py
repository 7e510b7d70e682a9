"""Addresses that come with a request: which ones a browser may be sent to."""

import re
from urllib.parse import urlencode, urlsplit

from sogenactif.protocols import posted

URL = re.compile(r"https?://([\w.-]+|\[[0-9A-Fa-f:.]+\])(:[0-9]{1,5})?([/?#][\x21-\x7e]*)?", re.ASCII)


def is_address(url: str) -> bool:
    """Whether a URL is http or https, with a host, a real port, and no character that a header can't hold."""
    if not URL.fullmatch(url):
        return False
    try:
        parts = urlsplit(url)
        return bool(parts.hostname) and (parts.port is None or parts.port > 0)
    except ValueError:
        return False


def origin(url: str) -> str:
    """Scheme, host and port of an address, as a Content-Security-Policy names it."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


def with_data(url: str, data: str) -> str:
    """A return address with DATA, or what today's server posts, in its query string."""
    address, mark, fragment = url.partition("#")
    joint = "&" if "?" in address else "?"
    return f"{address}{joint}{urlencode(posted(data))}{mark}{fragment}"
