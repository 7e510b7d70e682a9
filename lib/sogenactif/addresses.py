"""Web addresses."""

SAFE_IN_URL = set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_~:/?&=%+[]")


def is_web_address(url: str) -> bool:
    """Return whether a URL is http or https with a host, in characters that are safe in a header and in HTML."""
    scheme, _, rest = url.partition("://")
    return scheme in ("http", "https") and bool(rest.partition("/")[0]) and set(url) <= SAFE_IN_URL
