"""Sogenactif payment kit: it seals payment requests, verifies payment responses and shows the pages.

docs/api.md lists what is public; everything else may change in any release.
"""

__version__ = "0.1.0"
__all__ = ["Kit", "KitError", "PaymentResponse", "UntrustedResponse", "__version__"]

TYPE_CHECKING = False
if TYPE_CHECKING:
    from sogenactif.errors import KitError, UntrustedResponse
    from sogenactif.kit import Kit
    from sogenactif.payment import PaymentResponse

_MODULES = {"Kit": "kit", "KitError": "errors", "UntrustedResponse": "errors", "PaymentResponse": "payment"}


def __getattr__(name: str) -> object:
    """Load a public name on its first use: a CGI script doesn't pay for names that it never uses."""
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    value: object = getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *_MODULES})
