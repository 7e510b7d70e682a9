"""Syntax and host of web addresses."""

import ipaddress
import re
from urllib.parse import urlsplit

# Domains that don't exist on the internet.
LOCAL = (".localhost", ".local", ".test", ".lan", ".internal", ".home.arpa")
ADDRESS = re.compile(r"https?://[^\s/?#]+([/?#][\x21-\x7e]*)?", re.ASCII)


def is_address(url: str) -> bool:
    """Return whether a text is an http or https address, without spaces or accents."""
    try:
        parts = urlsplit(url)
        return bool(ADDRESS.fullmatch(url) and parts.hostname) and parts.port != 0
    except ValueError:
        return False


def is_local(url: str) -> bool:
    """Return whether an address leads to this machine or its own network, which no bank reaches."""
    name = host(url)
    try:
        return not ipaddress.ip_address(name).is_global
    except ValueError:
        return "." not in name or name.endswith(LOCAL)


def is_for_tests(url: str) -> bool:
    """Return whether an address is that of a bank's server for tests, which charges nobody (Paypage: ``simu``)."""
    return "simu" in host(url).split(".")


def host(url: str) -> str:
    """Return the name or number of an address's host, in lower case; empty if it has none."""
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""
