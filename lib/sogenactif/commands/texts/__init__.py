"""Texts that the commands print, a module for each language."""

import os
import re
from collections.abc import Mapping
from typing import NamedTuple


class Text(NamedTuple):
    """Hold what a check saw and, if anything is to be done, what to do."""

    saw: str
    do: str = ""


def language() -> str:
    """Return ``fr`` if the locale is French, otherwise ``en``."""
    for name in ("LC_ALL", "LC_MESSAGES", "LANG"):
        if os.environ.get(name):
            return "fr" if os.environ[name].lower().startswith("fr") else "en"
    return "en"


def words() -> Mapping[str, str]:
    """Return the sentences of the commands, by name, in the language of the locale."""
    if language() == "fr":
        from sogenactif.commands.texts.fr import WORDS
    else:
        from sogenactif.commands.texts.en import WORDS
    return WORDS


def usage_error(message: str) -> str:
    """Return argparse's message about a wrong call in the language of the locale; in English if it is not known."""
    if language() == "fr":
        from sogenactif.commands.texts.fr import USAGE_ERRORS

        for pattern, french in USAGE_ERRORS.items():
            match = re.fullmatch(pattern, message)
            if match:
                return match.expand(french)
    return message


def findings() -> Mapping[str, Text]:
    """Return the texts of what ``check`` finds, by name, in the language of the locale."""
    if language() == "fr":
        from sogenactif.commands.texts.fr import FINDINGS
    else:
        from sogenactif.commands.texts.en import FINDINGS
    return FINDINGS


def say(name: str, **values: object) -> str:
    """Return one sentence, on one line that a terminal shows as it is; the journal's own words are translated too."""
    table = words()
    for value in ("kind", "source"):
        if value in values:
            values[value] = table.get(f"{value}_{values[value]}", values[value])
    return printable(table[name].format(**values))


def labelled(label: str, value: object) -> str:
    """Return a value after its label, with a colon as the language writes it."""
    return say("labelled", label=label, value=value)


def counted(name: str, count: int) -> str:
    """Return the sentence on a number of things, in the singular or the plural."""
    singular = count < 2 if language() == "fr" else count == 1
    return say(f"{name}_one" if singular else f"{name}_many", count=count)


def bank_state(status: str) -> str:
    """Return what a state in the bank's words means."""
    return words().get(f"bank_{status}", words()["bank_other"])


def bank_code(code: str) -> str:
    """Return what a code of the Office server means, with the code."""
    return say("bank_code", code=code, words=words().get(f"code_{code}", words()["code_other"]))


def printable(text: str) -> str:
    """Return a text in which nothing moves a terminal's cursor or changes its colours."""
    return "".join(character if character.isprintable() else "?" for character in text)
