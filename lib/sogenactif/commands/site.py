"""An installation as far as it can be read: its pathfile, its merchants, the web server's user."""

import glob
import os
import pwd
import re
from functools import cached_property
from typing import NamedTuple

from sogenactif.addresses import is_local, is_test_server
from sogenactif.commands.check.rights import group_name, owner_of
from sogenactif.commands.places import ROOT
from sogenactif.configuration import PAYPAGE, Parameters, Pathfile, merge, read_parameters
from sogenactif.errors import KitError
from sogenactif.protocols.certificate import read_certificate

NUMBER = re.compile(r"[0-9]{1,15}")
Location = tuple[str, int]


class Merchant(NamedTuple):
    """Hold a merchant that has a parmcom file.

    ``own`` is what that file sets, ``common`` what F_DEFAULT does, ``fields`` are both. ``server`` is the address of
    the payment server, empty if it isn't known. It is a sandbox if this kit issued the certificate, or if it is on
    this network.
    """

    id: str
    country: str
    fields: dict[str, str]
    own: Parameters
    common: Parameters
    server: str
    is_sandbox: bool

    @property
    def path(self) -> str:
        """Return the path of the merchant's parmcom file."""
        return self.own.path

    @property
    def is_trial(self) -> bool:
        """Return whether nobody is charged: the server is a sandbox, or the bank's for tests."""
        return self.is_sandbox or is_test_server(self.server)

    def where(self, keyword: str) -> Location:
        """Return the file and the line that set a keyword; line 0 of the merchant's file if none does."""
        for source in (self.own, self.common):
            if keyword in source.lines:
                return source.path, source.lines[keyword]
        return self.path, 0


class Site:
    """Hold a pathfile, and the options of the command line; empty if not given.

    ``scripts`` is the folder of the three scripts, ``url`` the shop's address, ``order`` the reference
    of an order that may be paid, ``user_name`` the web server's user. ``ledger`` is the path of an SQLite ledger,
    empty if there is none, ``journal`` the folder of the journal; without a ledger responses are logged there.
    """

    def __init__(
        self, pathfile: Pathfile, scripts: str = "", user_name: str = "", url: str = "", order: str = ""
    ) -> None:
        self.pathfile, self.scripts, self.user_name = pathfile, scripts, user_name
        self.url, self.order = url, order
        self.path = pathfile.path
        self.paypage = pathfile.protocol == PAYPAGE
        self.ledger = pathfile.ledger.file if pathfile.ledger else ""
        self.journal = pathfile.journal or f"{ROOT}/var/data"

    def where(self, keyword: str) -> Location:
        """Return the path of the pathfile and the line of a keyword, 0 if it has none."""
        return self.path, self.pathfile.lines.get(keyword, 0)

    @cached_property
    def user(self) -> pwd.struct_passwd:
        """Return the web server's user: the one that was named, or the owner of the journal's folder.

        No web server runs as root: if root owns it, the user named like the pathfile's group, as on Debian, if any.
        """
        if self.user_name:
            return pwd.getpwnam(self.user_name)
        owner = owner_of(self.journal)
        try:
            return owner if owner.pw_uid else pwd.getpwnam(group_name(os.stat(self.path).st_gid))
        except (KeyError, OSError):
            return owner

    @cached_property
    def merchants(self) -> tuple[Merchant, ...]:
        """Return the merchants that have a parmcom file beside F_PARAM."""
        prefix = f"{self.pathfile.merchant_parameters}."
        common = _read("default", self.pathfile.default_parameters)
        ids = (path.removeprefix(prefix) for path in sorted(glob.glob(f"{glob.escape(prefix)}*")))
        return tuple(
            self._merchant(id_, _read("merchant", f"{prefix}{id_}"), common)
            for id_ in ids
            if NUMBER.fullmatch(id_)
        )

    def _merchant(self, id_: str, own: Parameters, common: Parameters) -> Merchant:
        fields = merge(common.fields, own.fields)
        country, server, is_sandbox = fields.get("merchant_country", "fr"), self.pathfile.paypage.url, False
        if self.paypage:
            is_sandbox = is_local(server)
        else:
            try:
                certificate = read_certificate(self.pathfile, country, id_)
                server, is_sandbox = certificate.payment_url, certificate.own
            except KitError:
                server = ""
        return Merchant(id_, country, fields, own, common, server, is_sandbox)


def _read(whose: str, path: str) -> Parameters:
    """Read a parmcom file; one that can't be used sets nothing."""
    try:
        return read_parameters(whose, path)
    except KitError:
        return Parameters(path, {}, {})
