"""Check addresses on the web, and name the hosts of the payment servers.

Source: docs/paypage.md.
"""

# Where Paypage is, for each brand of the platform. On the test servers nobody is charged; for that of Scellius
# public programs name two hosts.
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
    "scellius": {"production": "payment-webinit.scellius.labanquepostale.fr"},
    "sips": {
        "production": "payment-webinit.sips-services.com",
        "test": "payment-webinit.simu.sips-services.com",
    },
}
SAFE_IN_URL = set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_~:/?&=%+[]")


def is_web_address(url: str) -> bool:
    """Return whether a URL is http or https with a host, in characters that are safe in a header and in HTML."""
    scheme, _, rest = url.partition("://")
    return scheme in ("http", "https") and bool(rest.partition("/")[0]) and set(url) <= SAFE_IN_URL
