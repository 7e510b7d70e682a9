"""The demonstration: a small shop, and a payment server with no bank behind it."""
