"""Sandbox: a payment server without a bank, and a demonstration shop. It may import sogenactif, never the reverse.

docs/api.md lists what is public; everything else may change in any release.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sogenactif_sandbox.browser import pay
    from sogenactif_sandbox.serving import payment_server

__all__ = ["pay", "payment_server"]


def __getattr__(name: str) -> Any:
    # Loaded on first use: `sogenactif preview` shows pages where Flask isn't installed.
    if name == "pay":
        from sogenactif_sandbox.browser import pay

        return pay
    if name == "payment_server":
        from sogenactif_sandbox.serving import payment_server

        return payment_server
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
