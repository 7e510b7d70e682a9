"""The language of who types a command: French or English, as the locale says."""

import os


def language() -> str:
    """``fr`` where the locale is French, ``en`` everywhere else."""
    for name in ("LC_ALL", "LC_MESSAGES", "LANG"):
        if os.environ.get(name):
            return "fr" if os.environ[name].lower().startswith("fr") else "en"
    return "en"


def printable(text: str) -> str:
    """A text that a terminal shows as it is: nothing in it moves the cursor or changes the colours."""
    return "".join(character if character.isprintable() else "?" for character in text)
