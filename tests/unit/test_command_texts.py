"""The sentences of the commands: the same in every language."""

import string
from collections.abc import Mapping
from itertools import chain

import pytest

from sogenactif.commands.texts import en, fr

TABLES = [
    pytest.param(en.WORDS, fr.WORDS, id="words"),
    pytest.param(en.FINDINGS, fr.FINDINGS, id="findings"),
]


@pytest.mark.parametrize(("english", "french"), TABLES)
def test_languages_have_the_same_entries(english: Mapping[str, object], french: Mapping[str, object]) -> None:
    assert list(french) == list(english)


@pytest.mark.parametrize(("english", "french"), TABLES)
def test_texts_of_both_languages_have_the_same_placeholders(
    english: Mapping[str, str | tuple[str, ...]], french: Mapping[str, str | tuple[str, ...]]
) -> None:
    for name, text in english.items():
        assert _values(text) == _values(french[name]), name


def test_no_text_of_a_command_is_empty() -> None:
    texts = chain(en.FINDINGS.items(), fr.FINDINGS.items())
    assert [name for name, text in texts if not text.saw] == []
    assert [name for words in (en.WORDS, fr.WORDS) for name, text in words.items() if not text] == []


def _values(text: str | tuple[str, ...]) -> list[set[str]]:
    parts = [text] if isinstance(text, str) else list(text)
    return [{name for _, name, _, _ in string.Formatter().parse(part) if name} for part in parts]
