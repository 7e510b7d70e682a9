"""The installation to check, as far as it can be read."""

import glob
import re
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

from sogenactif.addresses import is_for_tests, is_local
from sogenactif.commands.check.rights import Account, account, namesake_of_group, owner_of
from sogenactif.commands.places import ROOT
from sogenactif.configuration import PAYPAGE, Pathfile, merge, read_parameters
from sogenactif.errors import KitError
from sogenactif.protocols.certificate import Certificate, read_certificate

# The folder that the kit writes in if the pathfile names no ledger.
DATA = f"{ROOT}/var/data"
NUMBER = re.compile(r"[0-9]{1,15}")


class Merchant(NamedTuple):
    """Hold a merchant that has a parmcom file: its number, that file, and its fields with those of F_DEFAULT."""

    id: str
    path: str
    fields: dict[str, str]

    @property
    def country(self) -> str:
        return self.fields.get("merchant_country") or "fr"


def web_user(name: str, journal: str, pathfile: str) -> Account:
    """Return the web server's user: the one of that name, or the owner of the journal's folder.

    If root owns that folder, which no web server runs as, return the user whose group has the pathfile, if any.
    """
    if name:
        return account(name)
    owner = owner_of(journal)
    return (owner.uid == 0 and namesake_of_group(pathfile)) or owner


@dataclass(frozen=True)
class Site:
    """Hold a pathfile that can be read, and the options of the command line.

    ``scripts`` is the folder of the three scripts, ``url`` the shop's address, ``order`` the reference
    of an order that may be paid, ``user_name`` the web server's user; empty if not given.
    """

    pathfile: Pathfile
    scripts: str = ""
    user_name: str = ""
    url: str = ""
    order: str = ""

    @property
    def path(self) -> str:
        """Return the path of the pathfile."""
        return self.pathfile.path

    @cached_property
    def user(self) -> Account:
        """Return the web server's user."""
        return web_user(self.user_name, self.journal, self.path)

    @property
    def ledger(self) -> str:
        """Return the path of an SQLite ledger, empty if there is none."""
        return self.pathfile.ledger.file if self.pathfile.ledger else ""

    @property
    def journal(self) -> str:
        """Return the folder of the journal; without a ledger the folder where responses are logged."""
        return self.pathfile.journal if self.pathfile.ledger else DATA

    @cached_property
    def merchants(self) -> tuple[Merchant, ...]:
        """Return the merchants that have a parmcom file beside F_PARAM."""
        common = _fields("default", self.pathfile.default_parameters)
        prefix = self.pathfile.merchant_parameters + "."
        return tuple(
            Merchant(path.removeprefix(prefix), path, merge(common, _fields("merchant", path)))
            for path in sorted(glob.glob(glob.escape(prefix) + "*"))
            if NUMBER.fullmatch(path.removeprefix(prefix))
        )

    @property
    def paypage(self) -> bool:
        """Return whether the protocol is Paypage (Sips 2.0), sealed with secret keys."""
        return self.pathfile.protocol == PAYPAGE

    def certificate(self, merchant: Merchant) -> Certificate | None:
        """Return the certificate that seals a merchant's requests, None if it is unusable or the protocol has none."""
        if self.paypage:
            return None
        try:
            return read_certificate(self.pathfile, merchant.country, merchant.id)
        except KitError:
            return None

    def payment_address(self, merchant: Merchant) -> str:
        """Return the address of a merchant's payment server, empty if it isn't known."""
        if self.paypage:
            return self.pathfile.paypage.url
        certificate = self.certificate(merchant)
        return certificate.payment_url if certificate else ""

    def is_sandbox(self, merchant: Merchant) -> bool:
        """Return whether the payment server is a sandbox: this kit issued the certificate, or it is on this network."""
        certificate = self.certificate(merchant)
        if certificate:
            return certificate.own
        address = self.payment_address(merchant)
        return bool(address) and is_local(address)

    def is_trial(self, merchant: Merchant) -> bool:
        """Return whether nobody is charged: the server is a sandbox, or the bank's for tests."""
        return self.is_sandbox(merchant) or is_for_tests(self.payment_address(merchant))

    @property
    def is_public(self) -> bool:
        """Return whether customers may be there: payments charge them, or the shop has a public address."""
        if not self.merchants or not all(map(self.is_trial, self.merchants)):
            return True
        addresses = [merchant.fields.get("normal_return_url", "") for merchant in self.merchants]
        return any(url and not is_local(url) for url in [self.url, *addresses])


def _fields(whose: str, path: str) -> dict[str, str]:
    try:
        return read_parameters(whose, path)
    except KitError:
        return {}
