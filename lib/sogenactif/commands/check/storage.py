"""Checks of the ledger, the journal, the log, and the rights of secret files."""

import os
import socket
from contextlib import closing
from datetime import datetime, timedelta, timezone

from sogenactif.commands.check import rights
from sogenactif.commands.check.findings import Failed, Findings, all_well, fault, first, ok, warning
from sogenactif.commands.functions import has_refund_function
from sogenactif.commands.places import KIND, ROOT
from sogenactif.commands.site import Site
from sogenactif.configuration import LedgerAddress
from sogenactif.errors import JournalUnreadable, LedgerDamaged, LedgerError
from sogenactif.ledger.history import (
    contradicted,
    journal_only_lines,
    latest_orders,
    paid_twice,
    trusted_entries,
)
from sogenactif.ledger.journal import Journal
from sogenactif.ledger.ledger import Ledger
from sogenactif.ledger.notification import pending_outcomes
from sogenactif.ledger.operations import pending_refunds
from sogenactif.ledger.schema import MIGRATIONS, schema_version
from sogenactif.log import SYSLOG

OVERDUE_AFTER = timedelta(minutes=5)
MAX_ORDERS = 10
SHORT_MIB = 100
LATEST_ORDERS = 100


def disk(site: Site) -> Findings:
    """Check that the disk of the journal and the ledger has space and is writable."""
    folder = rights.nearest(site.journal)
    status = os.statvfs(folder)
    free = status.f_bavail * status.f_frsize >> 20
    rules = [
        (fault, "disk_read_only", status.f_flag & os.ST_RDONLY),
        (fault, "disk_full", not free),
        (warning, "disk_full", free < SHORT_MIB),
        (ok, "disk", True),
    ]
    yield from first(rules, folder, free=free)


def ledger(site: Site) -> Findings:
    """Check the ledger: its schema, pending notifications, entries that only the journal has."""
    if not site.pathfile.ledger:
        yield (warning("ledger_needed", site.path) if site.paypage else ok("no_ledger", site.path))
        return
    address, path, folder = site.pathfile.ledger, site.ledger, os.path.dirname(site.ledger)
    if path and os.path.isdir(path):
        raise Failed(fault("not_a_file", path))
    if path and not os.path.isdir(folder):
        raise Failed(fault("leads_nowhere", *site.where("LEDGER"), keyword="LEDGER", path=folder))
    files = [f"{path}{suffix}" for suffix in ("", "-wal", "-shm", ".lock")]
    closed = rights.unwritable(site.user, folder, files) if path else []
    if closed:
        yield from closed
        return
    name, newest = path or f"postgresql://{address.host}", len(MIGRATIONS)
    unreadable: list[JournalUnreadable] = []
    try:
        # Root must not open a file or link that the web server's user may have made.
        with rights.acting_as(site.user):
            version = 0 if path and not os.path.exists(path) else schema_version(address)
            left = list(_left_behind(site, address)) if version == newest else []
            is_lost = not version and (
                any(trusted_entries(Journal(site.journal), unreadable.append)) or bool(unreadable)
            )
    except LedgerDamaged:
        raise Failed(fault("ledger_damaged", name)) from None
    except LedgerError as error:
        raise Failed(fault("ledger_fails", name, error=error)) from None
    yield from left
    rules = [
        (fault, "ledger_gone", is_lost),
        (ok, "ledger_to_come", not version),
        (fault, "ledger_newer", version > newest),
        (ok, "ledger_older", version < newest),
        (all_well, "ledger", True),
    ]
    yield from first(rules, name, version=version, known=newest, user=site.user.pw_name)


def journal(site: Site) -> Findings:
    """Check the folder in which each response is written before the payment server gets its answer."""
    folder, parent, is_there = site.journal, os.path.dirname(site.journal), os.path.exists(site.journal)
    if not site.pathfile.ledger and not is_there:
        return  # a program with its own pathfile writes no journal
    if site.user.pw_uid == 0 and not site.user_name:
        yield (fault if KIND == "installed" else warning)("user_unknown", folder)
    elif not os.path.exists(parent):
        yield fault("leads_nowhere", site.path, keyword="JOURNAL", path=parent)
    elif not is_there:
        yield from rights.missing_rights(site.user, parent, rights.WRITE | rights.SEARCH)
        yield all_well("journal_to_come", folder)
    else:
        files = [f"{folder}/{day}.jsonl" for day in Journal(folder).days()]
        yield from rights.unwritable(site.user, folder, files)
        yield all_well("journal", folder, user=site.user.pw_name)


def secrets(site: Site) -> Findings:
    """Check that not everybody on the machine may read the data of customers, or a password."""
    private = [f"{site.journal}/{day}.jsonl" for day in Journal(site.journal).days()]
    if site.ledger:
        private += [site.ledger, f"{site.ledger}-wal"]
    if site.pathfile.ledger and site.pathfile.ledger.has_password:
        private.append(site.path)
    for path in filter(os.path.isfile, [*private, f"{ROOT}/var/data/autoresponse.log"]):
        yield from rights.world_accessible(path)
    yield all_well("secrets", count=len(private))


def log(site: Site) -> Findings:
    """Check the log: with ``LOG!syslog!`` a program on this machine has to take its lines."""
    if not site.pathfile.log:
        yield ok("server_log")
        return
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as client:
        try:
            client.connect(SYSLOG)
            yield ok("syslog", *site.where("LOG"), socket=SYSLOG)
        except OSError as error:
            yield warning("syslog_unreachable", *site.where("LOG"), socket=SYSLOG, error=error.strerror)


def _left_behind(site: Site, address: LedgerAddress) -> Findings:
    """Report what the ledger shows that somebody has to do something about."""
    before = (datetime.now(timezone.utc) - OVERDUE_AFTER).isoformat()
    at_bank = site.paypage and not all(merchant.is_sandbox for merchant in site.merchants)
    unreadable: list[JournalUnreadable] = []
    with closing(Ledger(address, site.journal)) as opened:
        late = pending_outcomes(opened, before)
        alone = journal_only_lines(opened, unreadable.append)
        has_function = has_refund_function(os.path.join(site.scripts, "call_autoresponse.py"))
        refunds = pending_refunds(opened, before) if has_function else 0
        orders = ", ".join([order_id for order_id, _ in paid_twice(opened)][:MAX_ORDERS])
        references = ", ".join([row.reference for row in contradicted(opened)][:MAX_ORDERS])
        latest = latest_orders(opened, LATEST_ORDERS) if at_bank else []
    # The sandbox takes those that a bank's Paypage may refuse.
    odd = [order_id for order_id in latest if not (order_id.isascii() and order_id.isalnum())]
    yield from (fault("journal_unreadable", site.journal, error=error) for error in unreadable)
    if late:
        yield fault("not_notified", count=late)
    if refunds:
        yield fault("refunds_not_notified", count=refunds)
    if alone:
        yield fault("unentered", site.journal, count=alone)
    if orders:
        yield warning("paid_twice_orders", orders=orders)
    if references:
        yield warning("conflicting_acceptances", references=references)
    if odd:
        yield warning("order_characters", orders=", ".join(odd[:MAX_ORDERS]))
