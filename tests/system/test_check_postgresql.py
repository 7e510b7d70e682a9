"""sogenactif check with a ledger in PostgreSQL."""

import re

import pytest

from sogenactif.configuration import LedgerAddress
from sogenactif.ledger.schema import MIGRATIONS, schema_version
from tests.support.check import CheckedInstallation


@pytest.mark.postgresql
def test_reading_the_schema_version_creates_no_tables_in_postgresql(
    kit: CheckedInstallation, postgresql_url: str
) -> None:
    assert [schema_version(LedgerAddress(postgresql_url)), schema_version(LedgerAddress(postgresql_url))] == [
        0,
        0,
    ]
    text = re.sub(
        "LEDGER!.*!", f"LEDGER!{postgresql_url}!\nJOURNAL!{kit.data}/journal!", kit.pathfile.read_text()
    )
    kit.pathfile.write_text(text)
    kit.record()
    assert schema_version(LedgerAddress(postgresql_url)) == len(MIGRATIONS)
