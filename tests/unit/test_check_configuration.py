"""sogenactif check: the pathfile and the parmcom files, each broken in every way that it names."""

import re

import pytest

from tests.support.check import CheckedInstallation

# Each looks at an installed kit.
pytestmark = pytest.mark.system


# Lines of files: what is added, the finding, and words that it says with line 21 of the pathfile.
LINES = [
    ("LEGDER!x!\n", "misspelled", "unknown keyword LEGDER", "Did you mean LEDGER?"),
    ("f_ctype!php!\n", "misspelled", "unknown keyword f_ctype", "Did you mean F_CTYPE?"),
    ("SOMETHING!x!\n", "unknown_keyword", "unknown keyword SOMETHING", "remove the line"),
    ("RETURN_URL!http://h/!\n", "misplaced", "RETURN_URL is not read in this file", "other"),
    ("LOGO_TYPE!svg\n", "separators", "exclamation marks: 1, where a line has 2", "KEYWORD!value!"),
    ("F_CTYPE!p!hp!\n", "separators", "exclamation marks: 3", "without ! in the value"),
    ("   \n", "blank_line", "a line that has only spaces", "Remove the line"),
    ("DEBUG!NO!  \n", "trailing_spaces", "spaces after the last exclamation mark", "Remove them"),
    ("DEBUG!NO! # off\n", "after_the_end", "text after the last", "a comment begins with #"),
    ("F_DEFAULT!/conf/parmcom !\n", "spaces_around", "the value of F_DEFAULT begins or ends with a space", "Remove the space"),
    (" DEBUG!NO!\n", "spaces_around_keyword", "a space before or after the keyword DEBUG", "Begin the line"),
    ("DEBUG!NO!\n", "repeated", "DEBUG was already set on line 3", "Keep one"),
    ("DEBUG!NO!\r\n", "carriage_returns", "end in a carriage return: 1", "sed -i 's/\\r$//'"),
    ("DEBUG!NO!\rDEBUG!NO!\n", "carriage_return_inside", "a carriage return inside the line", "line feed"),
    ("PROTOCOL!paypge!\n", "misspelled_value", "PROTOCOL must be one of these: sips, paypage", "Did you mean paypage?"),
    ("PAYPAGE_SEAL!SHA256!\n", "misspelled_value", "PAYPAGE_SEAL must be one of these: HMAC", "Did you mean SHA-256?"),
    ("PAYPAGE_MEANS!bank!\n", "wrong_value", "PAYPAGE_MEANS must be one of these: shop, server", "Write one of them"),
    ("PAYPAGE_KEY_VERSION!v2!\n", "wrong_form", "PAYPAGE_KEY_VERSION is malformed; 1 is valid", "Correct"),
    ("PAYPAGE_INTERFACE!3.4!\n", "wrong_form", "PAYPAGE_INTERFACE is malformed; HP_3.4 is valid", "Correct"),
    ("PAYPAGE_KEYVERSION!2!\n", "misspelled", "unknown keyword PAYPAGE_KEYVERSION", "Did you mean PAYPAGE_KEY_VERSION?"),
    ("LOG!sylog!\n", "misspelled_value", "LOG must be one of these: syslog", "Did you mean syslog?"),
    ("KIT_VERSION!7!\n", "wrong_value", "KIT_VERSION must be one of these: 615", "Write one of them"),
    ("PAYPAGE_KEY!hunter2!x!\n", "separators", "exclamation marks: 3", "without ! in the value"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("line", "name", "saw", "do"), LINES, ids=[f"{line[1]}-{n}" for n, line in enumerate(LINES)]
)
def test_invalid_line_of_the_pathfile_is_reported_with_its_number(
    kit: CheckedInstallation, line: str, name: str, saw: str, do: str
) -> None:
    number = kit.pathfile.read_text().count("\n") + 1
    kit.add(kit.pathfile, line)
    found = kit.check().bad[name]
    assert (found["file"], found["line"]) == (f"{kit.root}/cgi-bin/pathfile", number)
    assert saw in found["saw"]
    assert do in found["do"]


def test_byte_order_mark_is_reported(kit: CheckedInstallation) -> None:
    for path in (kit.pathfile, kit.parmcom):
        kit.put(path, b"\xef\xbb\xbf" + path.read_bytes())
        found = kit.check()
        assert (found.status, found.bad["byte_order_mark"]["line"]) == (1, 1)
        assert "byte order mark (BOM)" in found.bad["byte_order_mark"]["saw"]


@pytest.mark.parametrize(
    ("line", "name", "saw"),
    [
        ("RETRUN_URL!http://h/!\n", "misspelled", "unknown keyword RETRUN_URL"),
        ("D_LOGO!/logos/!\n", "misplaced", "D_LOGO is not read in this file"),
        ("LOGO!" + "x" * 33 + "!\n", "too_long", "LOGO has 33 bytes; at most 32 are allowed"),
        ("LOGO! " + "x" * 32 + "!\n", "too_long", "LOGO has 33 bytes; at most 32 are allowed"),
        ("LOGO! " + "x" * 32 + "!\n", "spaces_around", "the value of LOGO begins or ends with a space"),
        ("CADDIE!a\n", "separators", "exclamation marks: 1"),
    ],
)
def test_invalid_line_of_a_parmcom_file_is_reported_with_its_number(
    kit: CheckedInstallation, line: str, name: str, saw: str
) -> None:
    kit.add(kit.parmcom, line)
    found = kit.check()
    assert found.status == 1
    assert (found.bad[name]["file"], found.bad[name]["line"]) == (str(kit.parmcom), 5)
    assert saw in found.bad[name]["saw"]


def test_values_and_control_characters_are_never_printed(kit: CheckedInstallation) -> None:
    kit.add(kit.pathfile, "\033[2JX!hunter2!\nLEDGER!postgresql://kit:hunter2@h/d!x!\n")
    result = kit.run()
    assert "unknown keyword ?[2JX" in result.stdout
    assert "hunter2" not in result.stdout + kit.run("--json").stdout


def test_missing_pathfile_is_reported(kit: CheckedInstallation) -> None:
    found = kit.check("--pathfile", "/nowhere/pathfile")
    assert found.status == 1
    assert found.bad["missing"]["saw"] == "there is no such file"
    assert found.bad["missing"]["file"] == "/nowhere/pathfile"


def test_missing_or_misspelled_required_keyword_is_reported_once(kit: CheckedInstallation) -> None:
    text = kit.pathfile.read_text()
    for changed, line in (("", 0), ("F_PARAM!!\n", 10)):
        kit.pathfile.write_text(re.sub("F_PARAM!.*\n", changed, text))
        found = kit.check().bad
        assert (list(found), found["keyword_absent"]["line"]) == (["keyword_absent"], line)
        assert found["keyword_absent"]["do"] == "Add the line F_PARAM!value!"
    kit.pathfile.write_text(text.replace("F_PARAM!", "F_PARM!"))
    assert list(kit.check().bad) == ["misspelled"]


def test_value_that_the_kit_rejects_is_reported_with_the_error_of_the_kit(kit: CheckedInstallation) -> None:
    kit.change(kit.pathfile, "F_CTYPE", "p/hp")
    found = kit.check().bad["kit_refuses"]
    assert "F_CTYPE (p/hp) may contain letters" in found["saw"]
    assert found["do"] == f"{kit.root}/docs/errors.md names the remedy."
    assert (kit.root / "docs" / "errors.md").exists()


def test_installation_without_a_merchant_is_reported(kit: CheckedInstallation) -> None:
    for path in kit.conf.glob("parmcom.0*"):
        path.unlink()
    assert kit.check().bad["no_merchant"]["file"] == f"{kit.conf}/parmcom.<merchant_id>"


def test_misnamed_parmcom_file_is_reported(kit: CheckedInstallation) -> None:
    kit.parmcom.rename(f"{kit.parmcom}.txt")
    found = kit.check().bad
    assert (list(found), found["parameters_misnamed"]["file"]) == (
        ["parameters_misnamed"],
        f"{kit.parmcom}.txt",
    )
    assert f"Name it {kit.parmcom.name}" in found["parameters_misnamed"]["do"]


@pytest.mark.parametrize(
    ("keyword", "value", "name", "saw"),
    [
        ("F_DEFAULT", "conf/parmcom.sogenactif", "relative", "F_DEFAULT is conf/parmcom.sogenactif"),
        ("F_PARAM", "/nowhere/parmcom", "leads_nowhere", "F_PARAM leads to /nowhere, which does not exist"),
        ("F_CERTIFICATE", "/no/certif", "leads_nowhere", "F_CERTIFICATE leads to /no, which does not exist"),
    ],
)
def test_relative_or_missing_path_is_reported_with_its_line(
    kit: CheckedInstallation, keyword: str, value: str, name: str, saw: str
) -> None:
    kit.change(kit.pathfile, keyword, value)
    found = kit.check().bad[name]
    assert saw in found["saw"]
    assert found["line"] > 0


def test_debug_mode_is_a_fault_in_production_and_a_warning_elsewhere(kit: CheckedInstallation) -> None:
    kit.pathfile.write_text(kit.pathfile.read_text().replace("DEBUG!NO!", "DEBUG!YES!"))
    assert kit.check().bad["debug_on"]["level"] == "warning"
    kit.as_a_banks()
    assert kit.check().bad["debug_on"]["level"] == "fault"
    kit.pathfile.write_text(kit.pathfile.read_text().replace("DEBUG!YES!", "DEBUG!yes!"))
    assert "neither YES nor NO" in kit.check().bad["debug_neither"]["saw"]


def test_valid_paypage_installation_has_no_findings(kit: CheckedInstallation) -> None:
    kit.use_paypage()
    found = kit.check()
    assert (found.status, found.bad) == (0, {})
    assert found.well >= {"key", "key_before", "certificate_former", "sealed", "address"}
    assert "certificate_own" not in found.well
    for path in kit.conf.glob("certif.*"):
        path.unlink()
    kit.change(kit.pathfile, "F_CERTIFICATE")
    assert kit.check().bad == {}


@pytest.mark.parametrize("keyword", ["PAYPAGE_URL", "PAYPAGE_KEY"])
def test_missing_keyword_of_paypage_is_reported(kit: CheckedInstallation, keyword: str) -> None:
    kit.use_paypage()
    kit.change(kit.pathfile, keyword)
    kit.change(kit.pathfile, "F_CERTIFICATE")
    found = kit.check()
    assert (found.status, list(found.bad)) == (1, ["keyword_absent"])
    assert found.bad["keyword_absent"]["do"] == f"Add the line {keyword}!value!"


@pytest.mark.parametrize(("value", "name"), [("conf/key", "relative"), ("/nowhere/key", "leads_nowhere")])
def test_relative_or_missing_path_of_secret_keys_is_reported(
    kit: CheckedInstallation, value: str, name: str
) -> None:
    kit.use_paypage()
    kit.change(kit.pathfile, "PAYPAGE_KEY", value)
    found = kit.check().bad
    assert (list(found), found[name]["line"] > 0) == ([name], True)


def test_debug_mode_of_a_public_shop_is_a_fault(kit: CheckedInstallation) -> None:
    kit.change(kit.pathfile, "DEBUG", "YES")
    assert kit.check().bad["debug_on"]["level"] == "warning"
    kit.open_shop()
    assert kit.check().bad["debug_on"]["level"] == "fault"
