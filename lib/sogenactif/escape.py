"""Escaping of values in the output of the executables, in which ``!`` and line ends are separators.

Programs split that output at each ``!``, keep its last line only, and some use it as a printf
format. So no value may hold ``!`` or a line end, or in HTML ``%``.
"""

from sogenactif.fields import readable

ESCAPED_CODES = {*range(32), 127, *map(ord, "&<>\"'!%")}
# A list of all ASCII characters: ``translate`` handles an exception for each character that a mapping lacks.
ENTITIES = [f"&#{code};" if code in ESCAPED_CODES else chr(code) for code in range(128)]

# All control characters (C0, DEL, C1) and the two other characters at which programs split lines.
BLANKS = dict.fromkeys([ord("!"), *range(32), *range(127, 160), 0x2028, 0x2029], " ")


def without_separators(text: str) -> str:
    """Return a value as one of the strings that ``response`` prints: ``!`` and control characters as blanks."""
    return text.translate(BLANKS)


def html_entities(text: str) -> str:
    """Return a text with an entity for every character that HTML or such programs interpret."""
    return readable(text).translate(ENTITIES)
