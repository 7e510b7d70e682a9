"""Install a kit to be measured, and make requests and responses for it."""

import itertools
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sogenactif.configuration import Pathfile, read_pathfile, replace_keywords
from sogenactif.ledger import open_ledger
from sogenactif.payment import make_request
from sogenactif.protocols.sips import open_request, seal_response
from tests.support.serving import web_user

ROOT = Path(__file__).parents[1]
INTERPRETER = "/usr/bin/python3"
MERCHANT = "014213245611111"
ORDER, CENTS = "CMD-42", "1250"
# The shop's own part, as short as it can be: what it costs is the shop's.
SHOP_PARTS = {
    "call_request.py": (
        "order_to_pay",
        f"""def order_to_pay(reference: str) -> Order | None:
    parameters = {{"merchant_id": "{MERCHANT}", "amount": "{CENTS}", "order_id": reference, "language": "fr"}}
    return Order(parameters, [("Tea", {CENTS})])
""",
    ),
    "call_autoresponse.py": (
        "record_outcome",
        """def record_outcome(response: PaymentResponse) -> None:
    pass
""",
    ),
}


class Installation:
    """Hold an installed kit, with a ledger or, as in the guide, without."""

    def __init__(self, folder: Path, ledger: bool) -> None:
        self.folder = folder
        self._orders = itertools.count(1)
        # The user to which a server started by root changes.
        self.user = web_user() if os.getuid() == 0 else ""
        subprocess.run(
            [ROOT / "install.sh", "apache", "--prefix", folder / "kit", "--config", folder / "kit.conf",
             "--no-enable", "--user", web_user()],
            check=True, stdout=subprocess.DEVNULL, env={**os.environ, "PYTHONDONTWRITEBYTECODE": ""},
        )  # fmt: skip
        self.root = folder / "kit"
        for script, part in SHOP_PARTS.items():
            _replace_function(self.root / "cgi-bin" / script, *part)
        if not ledger:
            path = self.root / "var" / "conf" / "pathfile"
            path.write_bytes(replace_keywords(path.read_bytes(), {"LEDGER": None}))

    @property
    def pathfile(self) -> Pathfile:
        return read_pathfile(str(self.root / "cgi-bin" / "pathfile"))

    def sealed_responses(self, count: int) -> list[str]:
        """Return DATA of the accepted responses to ``count`` new requests, each of its own order."""
        call = {"merchant_id": MERCHANT, "amount": CENTS, "language": "fr"}
        responses = []
        with open_ledger(self.pathfile) as ledger:
            for _ in range(count):
                order = {"order_id": f"CMD-{next(self._orders)}"}
                request = make_request({**call, **order}, self.pathfile, ledger=ledger)
                fields, certificate = open_request(request.data, self.pathfile)
                outcome = {"response_code": "00", "payment_means": "CB", "authorisation_id": "123456"}
                responses.append(seal_response({**fields, **outcome}, certificate))
        self.give_data()
        return responses

    def give_data(self) -> None:
        """Make the web server's user the owner of the files written here."""
        if self.user:
            for path in (self.root / "var" / "data").rglob("*"):
                shutil.chown(path, self.user, self.user)


@contextmanager
def installed(ledger: bool = True) -> Iterator[Installation]:
    """Install a kit in a temporary folder that the web server's user can read; yield it."""
    folder = Path(tempfile.mkdtemp(prefix="sogenactif-bench-", dir="/var/tmp"))
    folder.chmod(0o755)
    try:
        yield Installation(folder, ledger)
    finally:
        shutil.rmtree(folder)


def _replace_function(path: Path, name: str, source: str) -> None:
    """Replace the shop's own function in a script, and the imports that only it needed."""
    before, rest = path.read_text().split(f"def {name}(")
    after = rest[rest.index("\n\n\n") + 1 :]
    before = before.replace("import sqlite3\n", "").replace("from contextlib import closing\n", "")
    path.write_text(before + source + after)
