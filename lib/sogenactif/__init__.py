"""The Sogenactif payment kit: requests sealed, responses checked, pages shown."""

__version__ = "0.1.0"
