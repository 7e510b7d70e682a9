"""DES, the cipher of Sips 1.0, as pycryptodome has it."""

from Crypto.Util import _raw_api

if hasattr(_raw_api, "cached_architecture"):
    # Otherwise pycryptodome starts a program that knows the machine's architecture, for each process 10 ms. It
    # needs the answer only for a library that it has no path of, and it has the path of its own.
    _raw_api.cached_architecture[:] = ["", ""]

from Crypto.Cipher import DES

__all__ = ["DES"]
