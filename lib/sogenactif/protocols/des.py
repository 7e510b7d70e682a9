"""DES, the cipher of Sips 1.0, as pycryptodome has it."""

from Crypto.Util import _raw_api

if hasattr(_raw_api, "cached_architecture"):
    # Otherwise each process starts another one, for 10 ms, to learn the machine's architecture. pycryptodome needs it
    # only to search for a library whose path it doesn't have, and it has that of its own.
    _raw_api.cached_architecture[:] = ["", ""]

from Crypto.Cipher import DES

__all__ = ["DES"]
