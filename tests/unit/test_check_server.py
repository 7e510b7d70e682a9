"""sogenactif check: the payment server's clock, and addresses where no kit answers."""

import re

import pytest

from sogenactif.http import Environ
from sogenactif_sandbox.serving import serving
from tests.support.check import CheckedInstallation
from tests.support.serving import free_port

# Each looks at an installed kit.
pytestmark = pytest.mark.system


@pytest.mark.parametrize(("ahead", "name"), [(0, "clock"), (3600, "clock_wrong")])
def test_clock_is_compared_with_that_of_the_payment_server(
    kit: CheckedInstallation, ahead: int, name: str
) -> None:
    from email.utils import formatdate
    from time import time

    def server(environ: Environ, start_response):  # type: ignore[no-untyped-def]
        start_response("200 OK", [("Date", formatdate(time() + ahead, usegmt=True))])
        return []

    with serving(server) as address:
        kit.issue(f"{address}/payment")
        found = kit.check()
    said = {
        finding["name"]: finding["saw"] for finding in found.answer["findings"] if finding["check"] == "clock"
    }
    assert list(said) == [name]
    [seconds] = re.findall(r"[+-]\d+(?= s)", said[name])
    assert abs(int(seconds) + ahead) <= 5


def test_other_server_at_the_address_is_reported(kit: CheckedInstallation) -> None:
    def server(environ: Environ, start_response):  # type: ignore[no-untyped-def]
        start_response("200 OK", [("Content-Type", "text/html")])
        return [b"<p>Hello</p>"]

    with serving(server) as address:
        found = kit.check("--url", address)
    assert "answers 200, but the kit would answer" in found.bad["script_not_run"]["saw"]
    assert "is not a picture (200, text/html)" in found.bad["logo_not_served"]["saw"]


def test_address_without_a_server_is_a_fault(kit: CheckedInstallation) -> None:
    found = kit.check("--url", f"http://127.0.0.1:{free_port()}")
    assert (found.status, "does not answer (Connection refused)" in found.bad["no_answer"]["saw"]) == (
        1,
        True,
    )
