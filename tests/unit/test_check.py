"""sogenactif check: a sound installation, what is printed, and the status."""

import os
import re
import subprocess
from contextlib import suppress

import pytest

from tests.support.check import CheckedInstallation

# Each looks at an installed kit.
pytestmark = pytest.mark.system


def test_valid_installation_has_no_findings(kit: CheckedInstallation) -> None:
    found = kit.check()
    assert (found.status, found.bad) == (0, {})
    assert found.answer["level"] == "ok"
    assert found.well >= {"python", "well_formed", "leads_there", "certificate_own", "sealed", "address", "logos",
                          "debug_off", "ledger_to_come", "journal_to_come", "secrets"}  # fmt: skip
    assert found.answer["skipped"] == ["office", "clock", "scripts", "served_logos", "payment"]


def test_text_is_in_the_language_of_the_locale(kit: CheckedInstallation) -> None:
    kit.pathfile.write_text(kit.pathfile.read_text().replace("DEBUG!NO!", "DEBUG!YES!"))
    english, french = kit.run(), kit.run(LC_ALL="fr_FR.UTF-8")
    assert (
        f"{kit.root}/cgi-bin/pathfile, line 3: DEBUG is YES: every customer is shown every parameter"
        in english.stdout
    )
    assert "→ Write DEBUG!NO!" in english.stdout
    assert "ligne 3 : DEBUG vaut YES : chaque client voit tous les paramètres" in french.stdout
    assert "Faults: 0. Warnings: 1." in english.stdout
    assert "Défauts : 0. Avertissements : 1." in french.stdout
    assert not re.search(r"\b(line|Faults|every|the)\b", french.stdout)


def test_quiet_prints_only_the_summary_if_nothing_is_wrong(kit: CheckedInstallation) -> None:
    assert kit.run("--quiet").stdout == "Faults: 0. Warnings: 0. All well: 27.\n"


def test_ascii_locale_does_not_make_the_check_crash(kit: CheckedInstallation) -> None:
    kit.add(kit.parmcom, "RETRUN_URL!x!\n")
    result = kit.run(PYTHONIOENCODING="ascii", LC_ALL="fr_FR")
    assert (result.returncode, "RETRUN_URL" in result.stdout) == (1, True)


@pytest.mark.parametrize(("environment", "coloured"), [({}, True), ({"NO_COLOR": "1"}, False)])
def test_colours_are_printed_on_a_terminal_only_and_not_with_no_color(
    kit: CheckedInstallation, environment: dict[str, str], coloured: bool
) -> None:
    import pty

    terminal, side = pty.openpty()
    subprocess.run(
        [kit.root / "bin" / "sogenactif", "check", "--quiet", "--pathfile", "/nowhere"],
        stdout=side, check=False, env={"PATH": "/usr/bin:/bin", "LC_ALL": "C", **environment},
    )  # fmt: skip
    os.close(side)
    shown = b""
    with suppress(OSError):  # the end of a terminal
        while True:
            shown += os.read(terminal, 4096)
    assert (b"\033[1;31mFAULT" in shown) is coloured
    os.close(terminal)
    assert "\033" not in kit.run("--pathfile", "/nowhere").stdout


@pytest.mark.parametrize(
    "arguments",
    [["--url", "shop"], ["--url", "http://h:0"], ["--url", "http://h/?page=1"], ["--payment"], ["--payment", "--url", "http://h"], ["--user", "nobody-of-that-name"], ["--order", "1"], ["more"]],
)  # fmt: skip
def test_usage_error_exits_with_2(kit: CheckedInstallation, arguments: list[str]) -> None:
    assert kit.run(*arguments).returncode == 2


def test_one_fault_is_reported_once(kit: CheckedInstallation) -> None:
    (kit.conf / "parmcom.sogenactif").unlink()
    found = kit.check()
    assert [f["name"] for f in found.answer["findings"] if f["level"] != "ok"] == ["leads_nowhere"]
    assert found.bad["leads_nowhere"]["line"] == 9


def test_strict_exits_with_1_on_a_warning(kit: CheckedInstallation) -> None:
    kit.add(kit.pathfile, "SOMETHING!x!\n")
    assert (kit.check().status, kit.check("--strict").status) == (0, 1)


def test_quiet_json_has_faults_and_warnings_only(kit: CheckedInstallation) -> None:
    kit.add(kit.pathfile, "SOMETHING!x!\n")
    assert {f["level"] for f in kit.check("--quiet").answer["findings"]} == {"warning"}
