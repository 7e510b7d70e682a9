"""Checks of the ledger, the journal, the log, and the rights of secret files."""

import os
import socket
from contextlib import closing
from datetime import datetime, timedelta, timezone
from urllib.parse import urlsplit

from sogenactif.commands.check.findings import Finding, fault, ok, warning
from sogenactif.commands.check.rights import (
    READ,
    SEARCH,
    WRITE,
    acting_as,
    described,
    nearest,
    open_to_all,
    refused,
)
from sogenactif.commands.check.site import Site
from sogenactif.commands.functions import has_refund_function
from sogenactif.commands.places import KIND, ROOT
from sogenactif.errors import JournalUnreadable, LedgerDamaged, LedgerError
from sogenactif.ledger.history import contradicted, paid_twice
from sogenactif.ledger.journal import Journal
from sogenactif.ledger.ledger import Ledger
from sogenactif.ledger.matching import FORGED
from sogenactif.ledger.refunds import pending_refunds
from sogenactif.ledger.schema import MIGRATIONS, schema_version
from sogenactif.log import SYSLOG

PATIENCE = timedelta(minutes=5)
MOST_ORDERS = 10
SHORT_MIB = 100


def disk(site: Site) -> list[Finding]:
    """Check that the disk of the journal and the ledger has space and is writable."""
    folder = nearest(site.journal)
    status = os.statvfs(folder)
    free = status.f_bavail * status.f_frsize >> 20
    if status.f_flag & os.ST_RDONLY:
        return [fault("disk_read_only", folder)]
    if free < SHORT_MIB:
        return [(warning if free else fault)("disk_full", folder, free=free)]
    return [ok("disk", folder, free=free)]


def ledger(site: Site) -> list[Finding]:
    """Check the ledger: its schema, pending notifications, entries that only the journal has."""
    if not site.pathfile.ledger:
        return [warning("ledger_needed", site.path) if site.paypage else ok("no_ledger", site.path)]
    url = site.pathfile.ledger.url
    if os.path.isdir(site.ledger):
        return [fault("not_a_file", site.ledger)]
    if site.ledger:
        unwritable = _unwritable(site, site.ledger)
        if unwritable:
            return unwritable
    name = site.ledger or f"postgresql://{urlsplit(url).hostname or ''}"
    unreadable: list[JournalUnreadable] = []
    try:
        # Root must not open a file or link that the web server's user may have made.
        with acting_as(site.user):
            version = 0 if site.ledger and not os.path.exists(site.ledger) else schema_version(url)
        if version == 0:
            entries = Journal(site.journal).entries(unreadable.append)
            lost = any(entry["verdict"] != FORGED for entry in entries) or bool(unreadable)
            return [fault("ledger_gone", name) if lost else ok("ledger_to_come", name)]
        if version > len(MIGRATIONS):
            return [fault("ledger_newer", name, version=version, known=len(MIGRATIONS))]
        if version < len(MIGRATIONS):
            return [ok("ledger_older", name)]
        with acting_as(site.user):
            late = _left_behind(site, url)
        return late or [ok("ledger", name, version=version, user=site.user.name)]
    except LedgerDamaged:
        return [fault("ledger_damaged", name)]
    except LedgerError as error:
        return [fault("ledger_fails", name, error=error)]


def journal(site: Site) -> list[Finding]:
    """Check the folder in which each response is written before the payment server gets its answer."""
    if not site.pathfile.ledger and not os.path.exists(site.journal):
        return []  # a program with its own pathfile writes no journal
    if site.user.uid == 0 and not site.user_name:
        return [(fault if KIND == "installed" else warning)("user_unknown", site.journal)]
    if not os.path.exists(site.journal):
        parent = os.path.dirname(site.journal)
        if not os.path.exists(parent):
            return [fault("leads_nowhere", site.path, keyword="JOURNAL", path=parent)]
        return refused(site.user, parent, WRITE | SEARCH) or [ok("journal_to_come", site.journal)]
    files = [f"{site.journal}/{day}.jsonl" for day in Journal(site.journal).days()]
    found = refused(site.user, site.journal, WRITE | SEARCH)
    found = found or [finding for path in files for finding in refused(site.user, path, WRITE)]
    return found or [ok("journal", site.journal, user=site.user.name)]


def secrets(site: Site) -> list[Finding]:
    """Check that not everybody on the machine may read the data of customers, or a password."""
    private = [f"{site.journal}/{day}.jsonl" for day in Journal(site.journal).days()]
    if site.ledger:
        private += [site.ledger, site.ledger + "-wal"]
    if site.pathfile.ledger and urlsplit(site.pathfile.ledger.url).password:
        private.append(site.path)
    log = f"{ROOT}/var/data/autoresponse.log"
    found = [
        fault("open_to_all", path, **described(path))
        for path in [*private, log]
        if os.path.isfile(path) and open_to_all(path)
    ]
    return found or [ok("secrets", count=len(private))]


def log(site: Site) -> list[Finding]:
    """Check the log: with ``LOG!syslog!`` a program on this machine has to take its lines."""
    if not site.pathfile.log:
        return [ok("server_log")]
    line = site.pathfile.lines.get("LOG", 0)
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as taker:
        try:
            taker.connect(SYSLOG)
        except OSError as error:
            return [warning("syslog_unreachable", site.path, line, socket=SYSLOG, error=error.strerror)]
    return [ok("syslog", site.path, line, socket=SYSLOG)]


def _unwritable(site: Site, path: str) -> list[Finding]:
    """Check that the web server may write an SQLite file, and others beside it."""
    folder = os.path.dirname(path)
    if not os.path.isdir(folder):
        return [
            fault(
                "leads_nowhere",
                site.path,
                site.pathfile.lines.get("LEDGER", 0),
                keyword="LEDGER",
                path=folder,
            )
        ]
    files = [file for file in (path, path + "-wal", path + "-shm") if os.path.exists(file)]
    return refused(site.user, folder, WRITE | SEARCH) or [
        finding for file in files for finding in refused(site.user, file, READ | WRITE)
    ]


def _left_behind(site: Site, url: str) -> list[Finding]:
    before = (datetime.now(timezone.utc) - PATIENCE).isoformat()
    unreadable: list[JournalUnreadable] = []
    with closing(Ledger(url, site.journal)) as opened:
        [[late]] = opened.database.rows(
            "SELECT count(*) FROM sogenactif_request AS request JOIN sogenactif_response AS response"
            " ON response.id = request.decided_by WHERE request.outcome <> request.notified AND request.outcome <> request.printed AND response.received < ?",
            before,
        )
        known = {
            row[0]
            for table in ("sogenactif_request", "sogenactif_response", "sogenactif_operation")
            for row in opened.database.rows(f"SELECT entry FROM {table}")
        }
        alone = sum(
            entry["verdict"] != FORGED and entry["entry"] not in known
            for entry in opened.journal.entries(unreadable.append)
        )
        has_function = has_refund_function(os.path.join(site.scripts, "call_autoresponse.py"))
        refunds = pending_refunds(opened, before) if has_function else 0
        orders = [order_id for order_id, _ in paid_twice(opened)]
        conflicts = [row.reference for row in contradicted(opened)]
        odd = _odd_orders(site, opened)
    found = [fault("journal_unreadable", site.journal, error=error) for error in unreadable]
    if late:
        found.append(fault("not_notified", count=late))
    if refunds:
        found.append(fault("refunds_not_notified", count=refunds))
    if alone:
        found.append(fault("unentered", site.journal, count=alone))
    if orders:
        found.append(warning("paid_twice_orders", orders=", ".join(orders[:MOST_ORDERS])))
    if conflicts:
        found.append(warning("conflicting_acceptances", references=", ".join(conflicts[:MOST_ORDERS])))
    if odd:
        found.append(warning("order_characters", orders=", ".join(odd[:MOST_ORDERS])))
    return found


def _odd_orders(site: Site, opened: Ledger) -> list[str]:
    """Return those of the latest orders that a bank's Paypage may refuse for their characters."""
    if not site.paypage or not site.merchants or all(map(site.is_sandbox, site.merchants)):
        return []
    rows = opened.database.rows(
        "SELECT order_id FROM sogenactif_request WHERE order_id <> '' ORDER BY id DESC LIMIT 100"
    )
    orders = dict.fromkeys(str(order_id) for (order_id,) in rows)
    return [order_id for order_id in orders if not (order_id.isascii() and order_id.isalnum())]
