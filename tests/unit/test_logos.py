import xml.etree.ElementTree as ElementTree

import pytest

from tests.support.vectors import ROOT

SVG = "{http://www.w3.org/2000/svg}"
MEANS = [
    "CB",
    "VISA",
    "MASTERCARD",
    "AMEX",
    "FINAREF",
    "FNAC",
    "CYRILLUS",
    "PRINTEMPS",
    "KANGOUROU",
    "SURCOUF",
    "POCKETCARD",
    "CONFORAMA",
    "NUITEA",
    "AURORE",
    "PASS",
    "PASS2",
    "PASS3FOIS",
    "CBPASS",
    "PEUGEOT",
    "COFINOGA",
    "ACCORD",
    "FRANFINANCE",
    "1EUROCOM",
    "4ETOILES",
    "COFIDIS_3X",
    "PROFILPLUS",
    "LIBRAVOU",
    "JCB",
    "DINERS",
    "SOLO",
    "SWITCH",
    "DELTA",
    "BANCONTACTMISTERCASH",
    "PAYPAL",
    "PAYLIB",
    "ELV",
    "CLEF",
    "INTERVAL",
    "VISA_3D",
    "MASTERCARD_3D",
]


@pytest.mark.parametrize("means", MEANS)
def test_each_logo_has_a_title_and_no_active_content(means: str) -> None:
    picture = ElementTree.parse(ROOT / "logos" / f"{means}.svg").getroot()
    assert picture.tag == f"{SVG}svg"
    assert picture.get("viewBox")
    assert (picture.findtext(f"{SVG}title") or "").strip()
    for element in picture.iter():
        assert element.tag.removeprefix(SVG) not in ("script", "image", "foreignObject", "style", "a", "use")
        assert not [name for name in element.attrib if name.startswith("on") or name.endswith("href")]
