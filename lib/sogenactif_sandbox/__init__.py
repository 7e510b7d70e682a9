"""The payment server of the demonstration: the other side of the protocol, with no bank behind it."""
