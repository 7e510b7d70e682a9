"""The looks of a payment's pages: the shop's logos, colours, templates, style sheets."""

import random
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from sogenactif_sandbox.merchants import Merchant
from sogenactif_sandbox.receipt_complement import ELEMENTS, rows
from sogenactif_sandbox.template import TemplateError, parse
from tests.support.bank import MERCHANT, Bank, bank, send

PICTURE = b'<svg xmlns="http://www.w3.org/2000/svg"/>'
FRAME = '<body bgcolor="#ffeecc" text="#112233" background="wall.svg"><p>Top of {}</p><img src="logo.svg">[SIPS]<p>End</p>'


@pytest.fixture
def installed(tmp_path: Path) -> Path:
    folder = tmp_path / "installed"
    folder.mkdir()
    for name in ("logo.svg", "right.svg", "banner.svg", "wall.svg", "pay.svg", "back.svg", "stop.svg"):
        (folder / name).write_bytes(PICTURE)
    (folder / "shop.css").write_text("body { color: teal; }")
    (folder / "other.css").write_text("body { color: olive; }")
    return folder


@pytest.fixture
def running(param: Path, installed: Path) -> Iterator[Bank]:
    merchants = {
        MERCHANT: Merchant("Tea & Co", sheet="shop.css"),
        "014213245611112": Merchant("Secure", enrolled=True),
    }
    with bank(param, shop_files=installed, merchants=merchants) as running:
        yield running


def files(name: str) -> str:
    return f"/payment/files/{MERCHANT}/{name}"


def test_page_shows_name_and_pictures_of_the_shop(running: Bank) -> None:
    entry = running.call(running.request(logo_id="logo.svg", logo_id2="right.svg", advert="banner.svg"))
    assert "Tea &amp; Co" in entry.text or "Tea &#38; Co" in entry.text
    places = [entry.text.find(files(name)) for name in ("banner.svg", "logo.svg", "right.svg")]
    assert -1 not in places and places == sorted(places)
    name = entry.text.find("sips_shop_name_font")
    assert places[1] < name < places[2]
    picture = send(running.url + f"/files/{MERCHANT}/logo.svg")
    assert picture.status == 200 and picture.headers["content-type"] == "image/svg+xml"
    assert "default-src 'none'" in picture.headers["content-security-policy"]


def test_pictures_that_are_not_installed_are_omitted(running: Bank) -> None:
    entry = running.call(
        running.request(logo_id="none.gif", advert="../logo.svg", submit_logo="a/b.svg", background_id="x")
    )
    assert entry.status == 200
    assert "none.gif" not in entry.text and "../logo" not in entry.text and "a/b" not in entry.text


def test_buttons_are_replaced_by_pictures_of_the_shop(running: Bank) -> None:
    data = running.request(
        submit_logo="pay.svg", cancel_return_logo="stop.svg", normal_return_logo="back.svg"
    )
    entry = running.call(data)
    for name in ("pay.svg", "stop.svg"):
        assert (
            f'<input type="image" class="sips_{"submit" if name == "pay.svg" else "customer_return"}'
            in entry.text
        )
        assert f'src="{files(name)}"' in entry.text
    assert f'src="{files("back.svg")}"' in running.card(entry).text
    assert f'src="{files("stop.svg")}"' in running.call(data).text


@pytest.mark.parametrize("page", ["336699", "#336699"])
def test_colours_and_background_of_the_request_are_applied(running: Bank, page: str) -> None:
    entry = running.call(running.request(bgcolor=page, textcolor="FFFFFF", background_id="wall.svg"))
    assert "background-color: #336699; color: #ffffff;" in entry.text
    assert f'background-image: url("{files("wall.svg")}")' in entry.text
    nonce = entry.text.partition('<style nonce="')[2].partition('"')[0]
    assert f"'nonce-{nonce}'" in entry.headers["content-security-policy"]


def test_default_colours_add_no_style(running: Bank) -> None:
    assert "<style" not in running.call(running.request(bgcolor="ffffff", textcolor="000000")).text


def test_style_sheet_of_the_shop_is_linked_and_served(running: Bank) -> None:
    entry = running.call(running.request())
    assert f'<link rel="stylesheet" href="{files("shop.css")}">' in entry.text
    sheet = send(f"{running.url}/files/{MERCHANT}/shop.css")
    assert sheet.text == "body { color: teal; }" and sheet.headers["content-type"].startswith("text/css")


@pytest.mark.parametrize(
    ("data", "address"),
    [
        ("<USE_CSS>;other.css</USE_CSS>;", files("other.css")),
        ("NO_COPYRIGHT;<USE_CSS>;other.css</USE_CSS>;", files("other.css")),
        ("<USE_CSS>other.css</USE_CSS>", files("other.css")),
        ("<USE_CSS>;http://css.example:8080/a/b.css?v=1</USE_CSS>;", "http://css.example:8080/a/b.css?v=1"),
    ],
)
def test_use_css_takes_precedence_over_the_style_sheet_of_the_shop(
    running: Bank, data: str, address: str
) -> None:
    entry = running.call(running.request(data=data))
    assert f'<link rel="stylesheet" href="{address}">' in entry.text and "shop.css" not in entry.text
    if "://" in address:
        assert " http://css.example:8080" in entry.headers["content-security-policy"]


@pytest.mark.parametrize(
    "name", ["missing.css", "../shop.css", "a b.css", "javascript:alert(1)", 'logo.svg"x']
)
def test_use_css_with_an_invalid_name_is_ignored(running: Bank, name: str) -> None:
    entry = running.call(running.request(data=f"<USE_CSS>;{name}</USE_CSS>;"))
    assert entry.status == 200 and files("shop.css") in entry.text


def test_template_without_suffix_applies_to_every_page(running: Bank, installed: Path) -> None:
    (installed / "my").write_text(FRAME.format("all"))
    data = running.request(
        templatefile="my", data="<USE_CSS>;other.css</USE_CSS>;", bgcolor="000000", logo_id="right.svg",
        submit_logo="pay.svg",
    )  # fmt: skip
    entry = running.call(data)
    pages = [entry, running.card(entry, number="1"), running.card(entry), running.call(data)]
    pages.append(running.card(running.call(running.request(templatefile="my")), number="4974934125497851"))
    for page in pages:
        assert page.status == 200
        top, end = (page.text.find(text) for text in ("Top of all", "<p>End</p>"))
        assert -1 not in (top, end) and top < page.text.find('<div class="part"') < end
        assert page.text.count("<body") == 1 and "[SIPS]" not in page.text
        assert "background-color: #ffeecc; color: #112233;" in page.text
        assert "other.css" not in page.text and "shop.css" not in page.text
        assert "right.svg" not in page.text and "background-color: #000000" not in page.text
        assert f'<base href="/payment/files/{MERCHANT}/">' in page.text
    assert files("pay.svg") in entry.text


def test_template_with_suffix_applies_to_its_page(running: Bank, installed: Path) -> None:
    for name in ("CAPTURE", "ACCEPTED", "REFUSED"):
        (installed / f"my.fr.{name}").write_text(FRAME.format(name))
    fields = {"templatefile": "my.fr", "language": "fr"}
    entry = running.call(running.request(**fields))
    assert "Top of CAPTURE" in entry.text
    assert "Top of ACCEPTED" in running.card(entry).text
    refused = running.card(running.call(running.request(**fields)), number="4974934125497851")
    assert "Top of REFUSED" in refused.text
    secure = running.request(merchant_id="014213245611112", **fields)
    assert "Top of CAPTURE" in running.card(running.call(secure)).text
    (installed / "my.fr.3DINFO").write_text(FRAME.format("3DINFO"))
    secure = running.request(merchant_id="014213245611112", **fields)
    assert "Top of 3DINFO" in running.card(running.call(secure)).text


def test_folder_of_the_merchant_takes_precedence(running: Bank, installed: Path) -> None:
    (installed / "my").write_text(FRAME.format("everyone"))
    (installed / MERCHANT).mkdir()
    (installed / MERCHANT / "my").write_text(FRAME.format("one"))
    assert "Top of one" in running.call(running.request(templatefile="my")).text
    other = running.request(templatefile="my", merchant_id="014213245611112")
    assert "Top of everyone" in running.call(other).text


def test_templates_are_not_served(running: Bank, installed: Path) -> None:
    (installed / "my").write_text(FRAME)
    for path in ("my", "..", "../my", "%2e%2e/my", "none.css", "", "a/b.css"):
        assert send(f"{running.url}/files/{MERCHANT}/{path}").status == 404


def test_template_that_is_not_installed_is_rejected(running: Bank) -> None:
    for name in ("none", "../my", "my/../my"):
        answer = running.call(running.request(templatefile=name))
        assert answer.status == 400 and "<code>templatefile</code>" in answer.text


BAD = {
    "no tag": ("<p>nothing</p>", "0 times"),
    "tag twice": ("[SIPS][SIPS]", "2 times"),
    **{
        f"<{tag}>": (f"<{tag}>[SIPS]", f"<{tag.lower()}> is not allowed")
        for tag in ("html", "/html", "head", "/HEAD", "form action=x", "/form", "/body")
    },
    "marked section": ("<![x[ [SIPS]", "a marked section (<![) is not allowed"),
    "sub-folder": ('<img src="images/logo.gif">[SIPS]', "images/logo.gif is in a sub-folder"),
}
BAD["<form action=x>"] = ("<form action=x>[SIPS]", "<form> is not allowed")


@pytest.mark.parametrize(("content", "fault"), BAD.values(), ids=BAD)
def test_invalid_template_is_rejected_with_its_fault(
    running: Bank, installed: Path, content: str, fault: str
) -> None:
    (installed / "bad.ACCEPTED").write_text(content)
    answer = running.call(running.request(templatefile="bad"))
    assert answer.status == 400 and "<code>templatefile</code>" in answer.text
    assert fault in running.console("refused")[-1]["answer"]
    with pytest.raises(TemplateError) as error:
        parse(content.encode())
    assert fault in str(error.value)


def test_template_in_latin_1_or_utf_8_is_decoded() -> None:
    assert parse("<p>caf\u00e9</p>[SIPS]".encode("latin-1")).before == "<p>café</p>"
    assert parse("<p>café</p>[SIPS]".encode()).before == "<p>café</p>"
    assert parse(b'<img src="http://cdn.example/a/b.gif"><a href="x/y">[SIPS]').after == ""


@pytest.mark.parametrize("attack", ["#fff;}</style><script>", "url(http://evil.example)", "red;color:blue"])
def test_invalid_colour_or_background_of_a_template_is_ignored(
    running: Bank, installed: Path, attack: str
) -> None:
    (installed / "my").write_text(f'<body bgcolor="{attack}" background="{attack}">[SIPS]')
    entry = running.call(running.request(templatefile="my"))
    assert attack not in entry.text


COMPLEMENTS = {
    "<tr><td colspan=2>Two <b>books</b></td></tr>": '<tr><td colspan="2">Two <b>books</b></td></tr>',
    "<tr><td>a<td>b": "<tr><td>a</td><td>b</td></tr>",
    "<script>steal()</script><tr></tr>": "<tr></tr>",
    '<tr onclick="x()"><td style="position:fixed">a</td></tr>': "<tr><td>a</td></tr>",
    '<tr><td><img src=x onerror="x()"><a href="javascript:x()">a</a></td></tr>': "<tr><td>a</td></tr>",
    "</table></main><form action=x><tr><td>a</td></tr>": "<tr><td>a</td></tr>",
    "<tr><td>1 &lt; 2 &amp; é</td></tr>": "<tr><td>1 &lt; 2 &amp; é</td></tr>",
    "<!-- x > y --><tr><td>a</td></tr>": "<tr><td>a</td></tr>",
    "<tr><td>a<![x[b</td></tr>": "<tr><td>a</td></tr>",
    "<tr><td><![CDATA[a]]>b</td></tr>": "<tr><td>b</td></tr>",
    "<tr><td>a<<!x>!y>b</td></tr>": "<tr><td>a&lt;!y&gt;b</td></tr>",
    "Thanks": '<tr><td colspan="2">Thanks</td></tr>',
}


@pytest.mark.parametrize(("given", "shown"), COMPLEMENTS.items())
def test_receipt_complement_is_sanitised_and_returned_unchanged(
    running: Bank, given: str, shown: str
) -> None:
    accepted = running.card(running.call(running.request(receipt_complement=given)))
    assert shown in accepted.text
    for word in ("script", "steal", "onclick", "onerror", "javascript", "position"):
        assert word not in accepted.text
    assert running.read(accepted)["receipt_complement"] == given


PIECES = (
    "<", ">", "</", "/>", "<!", "<![", "<![x[", "]]>", "<!--", "-->", "<?", "&", "&#", ";", "'", '"', "=", " ", "a", "tr",
    "td", "b", "script", "style", "textarea", "title", "svg", "form", "onclick", "href", "javascript:", "\0", "\udce9", "é",
)  # fmt: skip
SAFE = re.compile(r"""[^<>]|</?[a-z0-9]+( [a-z]+="[^"<>&']*(&#[0-9]+;[^"<>&']*)*")*>""")


def test_receipt_complement_of_any_text_becomes_safe_html() -> None:
    chance = random.Random(4)
    for _ in range(20_000):
        html = rows("".join(chance.choices(PIECES, k=chance.randrange(20))))
        tags = re.findall(r"<(/?)([a-z0-9]*)", html)
        assert SAFE.sub("", html) == "" and {name for _, name in tags} <= ELEMENTS
        opened = [name for slash, name in tags if not slash and name not in ("br", "hr")]
        assert sorted(opened) == sorted(name for slash, name in tags if slash)


@pytest.mark.parametrize("value", ["é\u20ac", "\udce9", "<b>", "a\nb", "%s!"])
def test_value_of_any_bytes_is_returned_unchanged(running: Bank, value: str) -> None:
    accepted = running.card(running.call(running.request(caddie=value, receipt_complement=value)))
    assert accepted.status == 200
    assert running.read(accepted)["caddie"] == value
    assert running.cancel(running.call(running.request(caddie=value, customer_email=value))).status == 307
