"""Sandbox: a payment server without a bank, and a demonstration shop. It may import sogenactif, never the reverse.

Public, for the test suites of shops, is ``payment_server``; everything else may change.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sogenactif_sandbox.servers import payment_server

__all__ = ["payment_server"]


def __getattr__(name: str) -> Any:
    # Loaded on first use: `sogenactif preview` shows pages where Flask isn't installed.
    if name in __all__:
        from sogenactif_sandbox import servers

        return getattr(servers, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
