"""Text as HTML on one line.

Programs part what the executables print at each ``!``, keep its last line only, and some
print it as a format: so neither ``!`` nor ``%`` nor a line end may come from a value.
"""

from sogenactif.fields import readable

MEANINGFUL = {*range(32), 127, *map(ord, "&<>\"'!%")}
# A list, and every character of ASCII: one that a mapping lacks costs an exception inside ``translate``.
ENTITIES = [f"&#{code};" if code in MEANINGFUL else chr(code) for code in range(128)]


def entities(text: str) -> str:
    """The text with every character that means something to HTML or to such programs as an entity."""
    return readable(text).translate(ENTITIES)
