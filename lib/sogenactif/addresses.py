"""Check addresses on the web, and name the hosts of the payment servers.

Source: docs/paypage.md.
"""

from sogenactif.fields import is_digits

# Where Paypage is, for each brand of the platform. On the test servers nobody is charged.
PAYPAGE_HOSTS = {
    "sogenactif": {
        "production": "payment-webinit.sogenactif.com",
        "test": "payment-webinit.simu.sogenactif.com",
    },
    "mercanet": {
        "production": "payment-webinit.mercanet.bnpparibas.net",
        "test": "payment-webinit.simu.mercanet.bnpparibas.net",
    },
    "sherlocks": {
        "production": "sherlocks-payment-webinit.secure.lcl.fr",
        "test": "sherlocks-payment-webinit-simu.secure.lcl.fr",
    },
    "scellius": {
        "production": "payment-webinit.scellius.labanquepostale.fr",
        "test": "payment-webinit-simu.scellius.labanquepostale.fr",
    },
    "sips": {
        "production": "payment-webinit.sips-services.com",
        "test": "payment-webinit.simu.sips-services.com",
    },
}
# Domains that don't exist on the internet.
RESERVED_DOMAINS = (".localhost", ".local", ".test", ".lan", ".internal", ".home.arpa")
# Hosts of this domain are switched off.
DECOMMISSIONED_DOMAIN = "sips-atos.com"
# The ports at which the platform calls a shop.
PORTS = range(80, 10000)
IN_HOST = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_")
SAFE_IN_URL = IN_HOST | frozenset("~:/?&=%+[]")


def is_address(url: str) -> bool:
    """Return whether a URL is http or https, with a host, a valid port, and no character that a header can't hold."""
    scheme, _, rest = url.partition("://")
    if scheme not in ("http", "https") or not all("!" <= character <= "~" for character in rest):
        return False
    place = rest.partition("/")[0].partition("?")[0].partition("#")[0]
    if place.startswith("["):
        name, bracket, end = place[1:].partition("]")
        has_port = end.startswith(":") and _is_port(end[1:])
        return bracket != "" and _is_ipv6(name) and (end == "" or has_port)
    name, _, port = place.partition(":")
    return name != "" and IN_HOST.issuperset(name) and _is_port(port)


def is_safe_address(url: str) -> bool:
    """Return whether a URL is an address in characters that are safe in a header and in HTML."""
    return SAFE_IN_URL.issuperset(url) and is_address(url)


def is_shop_address(url: str) -> bool:
    """Return whether a URL is a safe address to which the path of a script can be appended."""
    return "?" not in url and is_safe_address(url)


def _is_ipv6(name: str) -> bool:
    import ipaddress

    try:
        return "%" not in str(ipaddress.IPv6Address(name))
    except ValueError:
        return False


def _is_port(text: str) -> bool:
    """Return whether a text is the port of an address, empty for that of its scheme."""
    return not text or (is_digits(text) and len(text) <= 5 and 0 < int(text) < 65536)


def host(url: str) -> str:
    """Return the name or number of an address's host, in lower case; empty if it has none."""
    from urllib.parse import urlsplit

    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""


def is_local(url: str) -> bool:
    """Return whether an address leads to this machine or its own network, out of reach of any bank."""
    import ipaddress

    name = host(url)
    try:
        return not ipaddress.ip_address(name).is_global
    except ValueError:
        return "." not in name or name.endswith(RESERVED_DOMAINS)


def is_in_clear(url: str) -> bool:
    """Return whether a message to an address leaves this machine's own network unencrypted."""
    return url.startswith("http:") and not is_local(url)


def is_test_server(url: str) -> bool:
    """Return whether an address is that of a bank's test server, where nobody is charged."""
    name = host(url)
    return "simu" in name.replace("-", ".").split(".") or name.endswith(".test.sips-services.com")


def production_address(url: str) -> str:
    """Return the address of Paypage in production for the brand whose name is in an address, or else for Sogenactif."""
    brand = next((brand for brand in PAYPAGE_HOSTS if brand in host(url)), "sogenactif")
    return f"https://{PAYPAGE_HOSTS[brand]['production']}/paymentInit"


def is_paypage(url: str) -> bool:
    """Return whether an address is on a host of Paypage."""
    return is_test_server(url) or any(host(url) in hosts.values() for hosts in PAYPAGE_HOSTS.values())


def is_decommissioned(url: str) -> bool:
    """Return whether an address is on a host that is switched off."""
    return f".{host(url)}".endswith(f".{DECOMMISSIONED_DOMAIN}")
