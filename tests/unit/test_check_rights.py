"""sogenactif check: files that the web server's user can't read or write."""

import os
import shutil
import subprocess

import pytest

from tests.support.check import CheckedInstallation, check_as, type_remedy
from tests.support.serving import web_user
from tests.support.vectors import need

# Each looks at an installed kit.
pytestmark = pytest.mark.system


def test_unreadable_file_or_folder_of_the_configuration_is_reported(kit: CheckedInstallation) -> None:
    need(os.getuid() == 0, "root, whose files aren't the web server's,")
    kit.parmcom.chmod(0o600)
    found = kit.check().bad["not_readable"]
    assert (found["file"], found["saw"]) == (str(kit.parmcom), "the web server's user www-data can't read it")
    subprocess.run(found["do"], shell=True, check=True)
    assert kit.check().bad == {}
    kit.conf.chmod(0o700)
    found = kit.check().bad["not_entered"]
    assert (found["file"], "www-data can't enter this folder" in found["saw"]) == (str(kit.conf), True)
    assert kit.check("--user", "root").bad == {}


@pytest.mark.parametrize("path", ["lib", "lib/sogenactif", "lib/packages/jinja2/filters.py"])
def test_unreadable_code_is_a_fault_with_one_remedy(kit: CheckedInstallation, path: str) -> None:
    need(os.getuid() == 0, "root, whose files aren't the web server's,")
    closed = kit.root / path
    if closed.is_file():
        kit.put_own(closed, closed.read_bytes())
    closed.chmod(0o700)
    found = kit.check()
    assert (found.status, list(found.bad)) == (1, ["code_closed"])
    assert f"www-data can't read {closed}" in found.bad["code_closed"]["saw"]
    subprocess.run(found.bad["code_closed"]["do"], shell=True, check=True)
    assert kit.check().bad == {}


def test_unreadable_script_or_its_folder_is_reported(kit: CheckedInstallation) -> None:
    need(os.getuid() == 0, "root, whose files aren't the web server's,")
    (kit.root / "cgi-bin" / "call_response.py").chmod(0o700)
    assert kit.check().bad["not_readable"]["file"] == str(kit.root / "cgi-bin" / "call_response.py")
    (kit.root / "cgi-bin").chmod(0o700)
    found = kit.check().bad
    assert (list(found), found["not_entered"]["file"]) == (["not_entered"], str(kit.root / "cgi-bin"))


def test_unknown_web_server_user_is_a_fault_if_all_folders_belong_to_root(kit: CheckedInstallation) -> None:
    need(os.getuid() == 0, "root, to own the folder,")
    shutil.chown(kit.data, "root", "root")
    found = kit.check()  # the pathfile's group says who it is
    assert (found.status, list(found.bad), found.bad["not_writable"]["file"]) == (
        1,
        ["not_writable"],
        str(kit.data),
    )
    shutil.chown(kit.pathfile, "root", "root")
    found = kit.check()
    assert (found.status, found.bad["user_unknown"]["level"]) == (1, "fault")
    assert "its folder belongs to root, but no web server runs as root" in found.bad["user_unknown"]["saw"]
    assert kit.check("--user", web_user()).bad["not_writable"]["file"] == str(kit.data)
    shutil.chown(kit.pathfile, "root", web_user())
    shutil.chown(kit.data, web_user(), web_user())
    assert kit.check().bad == {}


def test_missing_permission_of_the_caller_is_reported(kit: CheckedInstallation) -> None:
    result = check_as(kit, "nobody", "nogroup")
    assert result.returncode == 1
    assert f"{kit.root}/var: you may not read it" in result.stdout
    assert "Run the check as root, or as the web server's user." in result.stdout


def test_web_server_user_can_run_the_check(kit: CheckedInstallation) -> None:
    result = check_as(kit, web_user(), web_user())
    assert (result.returncode, result.stdout) == (0, "Faults: 0. Warnings: 0. All well: 27.\n")


def test_closed_folder_is_reported_once(kit: CheckedInstallation) -> None:
    elsewhere = kit.folder / "pathfile"
    shutil.copy(kit.pathfile, elsewhere)
    elsewhere.chmod(0o644)
    kit.conf.chmod(0o700)
    for arguments in ([], ["--pathfile", str(elsewhere)]):
        result = check_as(kit, web_user(), web_user(), *arguments)
        assert result.returncode == 1
        assert f"{kit.conf}: the web server's user www-data can't enter this folder" in result.stdout
        assert "Faults: 1. Warnings: 0." in result.stdout
        found = [f for f in kit.check(*arguments).answer["findings"] if f["level"] != "ok"]
        assert [(f["name"], f["file"]) for f in found] == [("not_entered", str(kit.conf))]
        assert kit.check(*arguments).answer["skipped"] == [
            "office",
            "clock",
            "scripts",
            "served_logos",
            "payment",
        ]
    subprocess.run(found[0]["do"].partition(",")[0], shell=True, check=True)
    assert kit.check().bad == {}


def test_one_remedy_gives_a_data_folder_of_root_to_the_web_server(kit: CheckedInstallation) -> None:
    need(os.getuid() == 0, "root, whose files aren't the web server's,")
    shutil.chown(kit.data, "root", "root")
    kit.data.chmod(0o700)
    found = kit.check("--user", web_user())
    remedies = {
        finding["do"]
        for finding in found.answer["findings"]
        if finding["file"] == str(kit.data) and finding["do"]
    }
    assert len(remedies) == 1
    type_remedy(remedies.pop())
    assert kit.check("--user", web_user()).status == 0
