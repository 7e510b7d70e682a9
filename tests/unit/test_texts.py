import re

import pytest

from sogenactif.texts import TEXTS, accepted_language, texts
from sogenactif_sandbox.shop.texts import shop_texts
from sogenactif_sandbox.texts import texts as sandbox_texts


def test_every_language_has_every_text() -> None:
    assert {frozenset(said) for said in TEXTS.values()} == {frozenset(TEXTS["en"])}
    assert all(text.strip() for said in TEXTS.values() for text in said.values())


def test_french_pages_have_french_spaces_and_apostrophes() -> None:
    said = [*texts("fr").values(), *shop_texts("fr").values(), *sandbox_texts("fr").values()]
    assert [text for text in said if re.search(r" [:;?!»€]|« |\w'\w", text)] == []


def test_unknown_language_falls_back_to_english() -> None:
    assert texts("zz") is texts("en")
    assert texts("ge") is texts("de")


@pytest.mark.parametrize(
    ("header", "language"),
    [
        ("fr-FR,fr;q=0.9,en;q=0.8", "fr"),
        ("de", "de"),
        ("pt-BR, es;q=0.5", "es"),
        ("", "en"),
        ("*", "en"),
        (",;=", "en"),
    ],
)
def test_first_supported_language_of_the_browser_is_used(header: str, language: str) -> None:
    assert accepted_language(header) == language
