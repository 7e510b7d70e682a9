"""sogenactif check: the templates of the pages."""

import os

import pytest

from sogenactif.commands.check import shop
from tests.support.check import CheckedInstallation
from tests.support.vectors import need

# Each looks at an installed kit.
pytestmark = pytest.mark.system


@pytest.mark.parametrize(
    ("template", "added", "name", "saw"),
    [
        ("call_request.html", b"{% if %}", "template_syntax", "has a syntax error: Expected an expression"),
        ("debug.html", b"{{ title | upside_down }}", "template_syntax", "No filter named 'upside_down'"),
        ("base.html", b"<p>Termin\xe9</p>", "not_utf8", "the line is not UTF-8"),
        ("form.html", b"{{ total }}", "template_fails", "UndefinedError: 'total' is undefined"),
        ("debug.html", b"{{ 1 / 0 }}", "template_fails", "ZeroDivisionError: division by zero"),
        ("base.html", b'{% include "footer.html" %}', "template_fails", "TemplateNotFound: 'footer.html' not found"),
    ],
)  # fmt: skip
def test_template_that_cannot_be_rendered_is_reported_with_its_line(
    kit: CheckedInstallation, template: str, added: bytes, name: str, saw: str
) -> None:
    path = kit.root / "templates" / template
    content = path.read_bytes()
    kit.put_own(path, content + added)
    found = kit.check()
    assert (found.status, list(found.bad), saw in found.bad[name]["saw"]) == (1, [name], True)
    assert (found.bad[name]["file"], found.bad[name]["line"]) == (str(path), content.count(b"\n") + 1)


def test_missing_or_unreadable_template_is_reported(kit: CheckedInstallation) -> None:
    need(os.getuid() == 0, "root, whose files aren't the web server's,")
    templates = kit.root / "templates"
    assert {path.name for path in templates.iterdir() if path.is_file()} == set(shop.NAMES)
    (templates / "error.html").unlink()
    kit.put_own(templates / "style.css", b"")
    (templates / "style.css").chmod(0o600)
    found = kit.check().bad
    assert (set(found), found["template_missing"]["file"], found["not_readable"]["file"]) == (
        {"template_missing", "not_readable"},
        str(templates / "error.html"),
        str(templates / "style.css"),
    )
