"""sogenactif check --url with the kit on Apache."""

from typing import Any

import pytest

from sogenactif.http import Application, Environ
from sogenactif_sandbox.serving import serving
from tests.support import serving as serving_module
from tests.support.serving import free_port
from tests.support.vectors import ENROLLED


def test_valid_installation_on_apache_has_no_findings(start: Any) -> None:
    served = start()
    found = served.kit.check("--url", served.apache)
    assert (found.status, found.bad) == (0, {})
    assert found.well >= {"script_runs", "logos_served", "clock"}
    assert found.answer["skipped"] == ["office", "payment"]


def test_check_writes_only_marked_lines_to_the_error_log(start: Any) -> None:
    served = start()
    assert served.kit.check("--url", served.apache).status == 0
    # mod_wsgi notes every line of a script as an error; those of a check are marked.
    lines = [
        line
        for line in (served.kit.folder / "error.log").read_text().splitlines()
        if "(sogenactif check)" not in line
    ]
    assert [line for line in lines if " sogenactif " in line] == []
    # What the test's own Apache refuses: its root is closed.
    assert [line for line in lines if ":error]" in line and "AH01630" not in line] == []


def test_web_server_that_serves_source_code_and_pathfile_is_reported(start: Any) -> None:
    served = start(
        'Alias "/cgi-bin/" "{0}/cgi-bin/"\n<Directory "{0}/cgi-bin">\nRequire all granted\n</Directory>\n'
        'Alias "/sogenactif/logos/" "{0}/logos/"\n<Directory "{0}/logos">\nRequire all granted\n</Directory>\n',
        included=False,
    )
    found = served.kit.check("--url", served.apache)
    assert found.status == 1
    assert "SHOWS EVERYBODY THE SOURCE OF THE SCRIPT" in found.bad["source_served"]["saw"]
    assert "Turn mod_wsgi on" in found.bad["source_served"]["do"]
    assert "SHOWS EVERYBODY THE PATHFILE" in found.bad["configuration_served"]["saw"]
    assert "F_CERTIFICATE!" not in served.kit.run("--url", served.apache).stdout


def test_web_server_that_serves_secret_keys_is_a_fault(start: Any) -> None:
    folder = 'Alias "/var/" "{0}/var/"\n<Directory "{0}/var">\nRequire all granted\n</Directory>\n'
    served = start(folder, MEANS="shop")
    found = served.kit.check("--url", served.apache)
    assert (found.status, set(found.bad)) == (1, {"configuration_served", "key_served"})
    assert (
        f"{served.apache}/var/conf/key.{ENROLLED} SHOWS EVERYBODY A SECRET KEY"
        in found.bad["key_served"]["saw"]
    )
    assert "_KEY1" not in served.kit.run("--url", served.apache).stdout


def test_web_server_without_the_configuration_of_the_kit_is_reported(start: Any) -> None:
    served = start(included=False)
    found = served.kit.check("--url", served.apache)
    assert (
        found.status,
        "(403): mod_wsgi or CGI is off, or access is denied" in found.bad["script_forbidden"]["saw"],
    ) == (
        1,
        True,
    )
    assert "is not a picture (40" in found.bad["logo_not_served"]["saw"]


def test_web_server_without_wsgi_and_cgi_modules_is_a_fault(
    start: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(serving_module, "MODULES", serving_module.MODULES.replace("cgid wsgi ", ""))
    served = start()
    found = served.kit.check("--url", served.apache)
    assert (found.status, set(found.bad)) == (1, {"script_forbidden"})
    assert "a2enmod wsgi (cgid for CGI), then restart Apache" in found.bad["script_forbidden"]["do"]


def test_other_virtual_host_at_the_address_is_a_fault(start: Any) -> None:
    served = start(
        '<Directory "{0}">\nRequire all granted\n</Directory>\nDocumentRoot "{0}/logos"\n', included=False
    )
    found = served.kit.check("--url", served.apache)
    assert (found.status, "is not found (404)" in found.bad["script_not_found"]["saw"]) == (1, True)
    assert "a2enconf 00-sogenactif" in found.bad["script_not_found"]["do"]
    assert "another virtual host may answer at this address" in found.bad["script_not_found"]["do"]


def test_script_that_fails_on_the_web_server_is_a_fault(start: Any) -> None:
    served = start()
    script = served.kit.root / "cgi-bin" / "call_request.py"
    script.write_text(script.read_text().replace("import os", "import nothing_of_that_name", 1))
    found = served.kit.check("--url", served.apache)
    assert found.status == 1
    saw = [finding["saw"] for finding in found.answer["findings"] if finding["name"] == "script_fails"]
    assert f"{served.apache}/cgi-bin/call_request.py fails (500)" in saw


def _answering(status: str, *headers: tuple[str, str]) -> Application:
    def server(environ: Environ, start_response):  # type: ignore[no-untyped-def]
        start_response(status, [("Content-Type", "text/html"), *headers])
        return [b"<p>Thank you</p>"]

    return server


@pytest.mark.parametrize("keyword", ["RETURN_URL", "AUTO_RESPONSE_URL"])
@pytest.mark.parametrize(
    ("status", "name", "level", "saw"),
    [
        ("404 Not Found", "address_not_served", "fault", "/shop/paid, which answers 404"),
        ("500 Error", "address_not_served", "fault", "/shop/paid, which answers 500"),
        ("301 Moved", "address_redirects", "fault", "which redirects to http://127.0.0.1:"),
        ("307 Temporary Redirect", "address_redirects", "fault", "which redirects to http://127.0.0.1:"),
        ("401 Unauthorized", "address_asks_password", "fault", "which asks for a password (401)"),
        ("403 Forbidden", "address_refuses_posts", "fault", "which refuses posts (403)"),
        ("405 Method Not Allowed", "address_takes_no_posts", "fault", "which does not accept posts (405)"),
        ("407 Proxy Authentication Required", "address_asks_password", "fault", "asks for a password (407)"),
        ("429 Too Many Requests", "address_limits_posts", "fault", "limits the number of posts (429)"),
        ("200 OK", "address_unknown", "warning", "where something other than the kit's script answers (200)"),
    ],
)
def test_response_url_that_does_not_reach_the_script_is_reported_by_status(
    start: Any, keyword: str, status: str, name: str, level: str, saw: str
) -> None:
    served = start()
    at = f"{served.apache}/cgi-bin/call_request.py"
    with serving(_answering(status, ("Location", at))) as other:
        served.kit.change(served.kit.parmcom, keyword, f"{other}/shop/paid")
        found = served.kit.check("--url", served.apache)
    assert (found.status, list(found.bad)) == (int(level == "fault"), [name])
    assert (found.bad[name]["file"], found.bad[name]["level"]) == (str(served.kit.parmcom), level)
    assert found.bad[name]["saw"].startswith(f"{keyword} is {other}") and saw in found.bad[name]["saw"]


@pytest.mark.parametrize("script", ["call_response.py", "call_autoresponse.py"])
@pytest.mark.parametrize(("more", "name"), [
    ("<If \"%{{REQUEST_METHOD}} == 'POST'\">\nRequire all denied\n</If>", "address_refuses_posts"),
    ("RedirectMatch 307 ^/cgi-bin/{script} /elsewhere", ""),
])  # fmt: skip
def test_blocked_or_redirected_post_is_a_fault(start: Any, script: str, more: str, name: str) -> None:
    served = start(
        f'<Location "/cgi-bin/{script}">\n{more}\n</Location>\n'
        if name
        else more.replace("{script}", script) + "\n"
    )
    found = served.kit.check("--url", served.apache)
    assert found.status == 1
    assert not name or set(found.bad) == {name}


def test_unreachable_response_url_is_a_fault_and_one_with_a_query_string_is_not(start: Any) -> None:
    served = start()
    served.kit.change(served.kit.parmcom, "AUTO_RESPONSE_URL", f"http://127.0.0.1:{free_port()}/notified")
    found = served.kit.check("--url", served.apache)
    assert (found.status, list(found.bad), found.bad["no_answer"]["line"]) == (1, ["no_answer"], 4)
    again = f"{served.apache}/cgi-bin/call_autoresponse.py?shop=1"
    served.kit.change(served.kit.parmcom, "AUTO_RESPONSE_URL", again)
    found = served.kit.check("--url", served.apache)
    assert (found.bad, "address_served" in found.well) == ({}, True)


def test_syntax_error_of_a_script_is_reported_beside_the_status_of_the_web_server(start: Any) -> None:
    served = start()
    script = served.kit.root / "cgi-bin" / "call_request.py"
    number = len(script.read_text().splitlines()) + 1
    served.kit.add(script, "def price(:\n")
    found = served.kit.check("--url", served.apache).bad
    assert set(found) == {"script_syntax", "script_fails"}
    assert (found["script_syntax"]["file"], found["script_syntax"]["line"]) == (str(script), number)
