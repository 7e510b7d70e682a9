"""Print docs/dictionary.md from the table of fields: ``python docs/dictionary.py > docs/dictionary.md``."""

import argparse
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "lib"))

from sogenactif.fields import FIELDS, Field

HEAD = """# Data dictionary

Printed by `python docs/dictionary.py` from `lib/sogenactif/fields.py`; change it there.

Lengths count bytes. Formats: `a` letters, `n` digits, `s` other characters, and their sums. A parmcom file sets a
field by its keyword; the call goes before the merchant's file, and that before the file of every shop.
"""
CALL = """
## What a call or a parmcom file gives

| field of the call | keyword of parmcom | length | format | meaning |
| --- | --- | --- | --- | --- |
"""
RESPONSE = """
## What a response tells

`bin/response` prints these at their place, code being 1 and error 2; places after 32 with `KIT_VERSION!615!`,
or through a link named `response-615`, only. `!` and control characters in a value are printed as blanks.

| place | field | length | format | meaning |
| --- | --- | --- | --- | --- |
"""
OTHERS = """
## What the kit fills in itself

| field | length | format | meaning |
| --- | --- | --- | --- |
"""


def _row(*cells: object) -> str:
    return "| " + " | ".join(str(cell).replace("|", r"\|") for cell in cells) + " |\n"


def _code(text: str) -> str:
    return f"`{text}`" if text else ""


def dictionary() -> str:
    """Return the page, as Markdown."""
    page = HEAD + CALL
    for field in FIELDS:
        if field.call:
            page += _row(
                _code(field.name), _code(field.keyword), field.max_length, field.format, field.meaning
            )
    page += RESPONSE
    printed: list[tuple[int, Field]] = [
        (field.response_position, field) for field in FIELDS if field.response_position is not None
    ]
    for position, field in sorted(printed):
        page += _row(position, _code(field.name), field.response_max_length, field.format, field.meaning)
    page += OTHERS
    for field in FIELDS:
        if not field.call and field.response_position is None:
            page += _row(_code(field.name), field.max_length, field.format, field.meaning)
    return page


if __name__ == "__main__":
    argparse.ArgumentParser(description=__doc__).parse_args()
    print(dictionary(), end="")
