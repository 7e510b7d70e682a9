"""Text that can't be taken for the separators of what the executables print.

Programs split what the executables print at each ``!``, keep its last line only, and some
print it as a format: so neither ``!`` nor a line end may come from a value, and in HTML no ``%``.
"""

from sogenactif.fields import readable

MEANINGFUL = {*range(32), 127, *map(ord, "&<>\"'!%")}
# A list, and every character of ASCII: one that a mapping lacks costs an exception inside ``translate``.
ENTITIES = [f"&#{code};" if code in MEANINGFUL else chr(code) for code in range(128)]

# All control characters (C0, DEL, C1) and the two other characters at which programs split lines.
BLANKS = dict.fromkeys([ord("!"), *range(32), *range(127, 160), 0x2028, 0x2029], " ")


def one_string(text: str) -> str:
    """Return a value as one of the strings that ``response`` prints: ``!`` and control characters as blanks."""
    return text.translate(BLANKS)


def entities(text: str) -> str:
    """The text with every character that means something to HTML or to such programs as an entity."""
    return readable(text).translate(ENTITIES)
