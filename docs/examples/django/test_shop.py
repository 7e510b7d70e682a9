"""Test the shop on the sandbox: ``pytest`` in this folder, once the kit is installed with ``pip install '.[sandbox]'``."""

import json
import re
import subprocess
import urllib.request
from html import unescape
from typing import Any

from sogenactif_sandbox import pay

RESET = "python shop.py reset"
AUDIT = ["--order", "A-1", "--amount", "1250", "--reference", "A1", "--reset", RESET]


def form(shop: str) -> tuple[str, dict[str, str]]:
    """Return the address and the fields of the form that the shop shows to its customer."""
    html = urllib.request.urlopen(f"{shop}/pay/A-1").read().decode()
    fields = re.findall(r'name="(\w+)" value="([^"]*)"', html)
    [action] = re.findall(r'action="([^"]+)"', html)
    return action, {name: unescape(value) for name, value in fields}


def test_an_accepted_payment_pays_the_order(sips_shop: str) -> None:
    subprocess.run(RESET.split(), check=True)
    assert pay(*form(sips_shop)).url == f"{sips_shop}/thanks"
    assert json.load(urllib.request.urlopen(f"{sips_shop}/order/A-1")) == {"paid": 1}


def test_the_shop_passes_the_audit(sips_shop: str, sips_sandbox: Any) -> None:
    command = ["sogenactif", "audit", f"{sips_shop}/notify", *AUDIT, "--key", str(sips_sandbox.key_file)]
    command += ["--paid-when", f"{sips_shop}/order/{{order}}"]
    assert subprocess.run(command, check=False).returncode == 0
