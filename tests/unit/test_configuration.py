from pathlib import Path

import pytest
from psycopg.conninfo import conninfo_to_dict

from sogenactif.configuration import (
    LedgerAddress,
    Pathfile,
    merge,
    parse,
    read_parameters,
    read_pathfile,
    replace_keywords,
    settings,
    wrong_values,
)
from sogenactif.errors import InvalidSeparator, ParametersUnreadable, PathfileError

NEEDED = "D_LOGO!/logos/!\nF_DEFAULT!/etc/shop/common!\nF_PARAM!/etc/shop/parmcom!\nF_CERTIFICATE!/etc/shop/certif!\n"


def pathfile_of(folder: Path, content: str) -> Pathfile:
    (folder / "pathfile").write_bytes(content.encode("latin-1"))
    return read_pathfile(str(folder / "pathfile"))


def test_pathfile_gives_the_parmcom_files_of_a_merchant(tmp_path: Path) -> None:
    pathfile = pathfile_of(tmp_path, NEEDED)
    assert pathfile.parameter_files("014") == (
        ("default", "/etc/shop/common"),
        ("merchant", "/etc/shop/parmcom.014"),
    )
    assert not pathfile.debug
    assert pathfile.logo_extension == "gif"


def test_keywords_for_logos_kit_version_and_debug_are_read(tmp_path: Path) -> None:
    pathfile = pathfile_of(tmp_path, NEEDED + "LOGO_TYPE!svg!\nKIT_VERSION!615!\nDEBUG!YES!")
    assert (pathfile.logo_extension, pathfile.kit_version, pathfile.debug) == ("svg", "615", True)


def test_pathfile_with_crlf_accents_and_no_last_newline_is_read(tmp_path: Path) -> None:
    pathfile = pathfile_of(
        tmp_path, "# param\u00e8tres\r\n\r\n" + NEEDED.replace("\n", "\r\n") + "DEBUG!YES!"
    )
    assert pathfile.debug
    assert pathfile.merchant_parameters == "/etc/shop/parmcom"


def test_d_parm_is_prepended_to_parmcom_from_any_line(tmp_path: Path) -> None:
    indirect = NEEDED.replace("/etc/shop/parmcom!", "D_PARM!parmcom!")
    for content in (indirect + "D_PARM!/srv/!\n", "D_PARM!/srv/!\n" + indirect):
        assert pathfile_of(tmp_path, content).merchant_parameters == "/srv/parmcom"
    pathfile = pathfile_of(tmp_path, indirect)
    assert (pathfile.merchant_parameters, pathfile.lines["F_PARAM"]) == ("parmcom", 3)
    for line in ("F_PARAM!D_PARM!other!", "F_DEFAULT!D_PARM!parmcom!"):
        with pytest.raises(InvalidSeparator, match=r"^\+ Invalid separator in file at line 5 \("):
            pathfile_of(tmp_path, NEEDED + line)


@pytest.mark.parametrize("keyword", ["D_LOGO", "F_DEFAULT", "F_PARAM", "F_CERTIFICATE"])
def test_missing_required_keyword_is_reported(tmp_path: Path, keyword: str) -> None:
    with pytest.raises(PathfileError, match=rf"^Error reading pathfile \(no key word {keyword}\)$"):
        pathfile_of(tmp_path, NEEDED.replace(keyword, "X"))


@pytest.mark.parametrize(("line", "message"), [
    ("F_CTYPE!../php!", "F_CTYPE (../php) may contain letters, digits, - and _ only"),
    ("LOGO_TYPE!g/f!", "LOGO_TYPE (g/f) may contain letters, digits, - and _ only"),
    ("KIT_VERSION!616!", "KIT_VERSION is 616, and must be 615"),
    ("LOG!sylog!", "LOG is sylog, and must be syslog"),
    ("PROTOCOL!sips2!", "PROTOCOL is sips2, and must be sips or paypage"),
    ("PAYPAGE_SEAL!MD5!", "PAYPAGE_SEAL is MD5, and must be HMAC-SHA-256 or SHA-256 or HMAC-SHA-512"),
    ("PAYPAGE_ENCODE!hex!", "PAYPAGE_ENCODE is hex, and must be base64url or base64 or none"),
    ("PAYPAGE_MEANS!both!", "PAYPAGE_MEANS is both, and must be shop or server"),
    ("PAYPAGE_REFERENCE!x!", "PAYPAGE_REFERENCE is x, and must be transactionId or transactionReference or server"),
    ("PAYPAGE_KEY_VERSION!one!", "PAYPAGE_KEY_VERSION (one) is not of the form 1"),
    ("PAYPAGE_INTERFACE!3.4!", "PAYPAGE_INTERFACE (3.4) is not of the form HP_3.4"),
    ("NUMBERS!all!", "NUMBERS (all) is not of the form 1-999999"),
    ("NUMBERS!0-5!", "NUMBERS (0-5) is an empty range"),
    ("NUMBERS!9-1!", "NUMBERS (9-1) is an empty range"),
    ("SHOP_URL!shop.example!", "SHOP_URL (shop.example) is not an http or https address"),
    ("OFFICE_URL!bank.example!", "OFFICE_URL (bank.example) is not an http or https address"),
    ("PAYPAGE_URL!ftp://bank.example!", "PAYPAGE_URL (ftp://bank.example) is not an http or https address"),
    ("JOURNAL!journal!", "JOURNAL (journal) is not an absolute path"),
    ("PAYPAGE_URL!https://bank.example:0/!", "PAYPAGE_URL (https://bank.example:0/) is not an http or https address"),
    ("SHOP_URL!https://[shop/!", "SHOP_URL (https://[shop/) is not an http or https address"),
    ("LEDGER!mysql://x/y!", "LEDGER must be sqlite:////absolute/path or postgresql://…"),
    ("LEDGER!sqlite://relative.db!", "LEDGER must be sqlite:////absolute/path or postgresql://…"),
    ("LEDGER!ledger.db!", "LEDGER must be sqlite:////absolute/path or postgresql://…"),
    ("LEDGER!sqlite:////srv/shop/!", "LEDGER must be sqlite:////absolute/path or postgresql://…"),
    ("LEDGER!postgresql://shop:50%off@db/shop!", "LEDGER must be sqlite:////absolute/path or postgresql://…"),
    ("LEDGER!postgresql://shop:p@ss@db/shop!", "LEDGER must be sqlite:////absolute/path or postgresql://…"),
    ("LEDGER!postgresql://shop:a/b@db/shop!", "LEDGER must be sqlite:////absolute/path or postgresql://…"),
    ("LEDGER!postgresql://db:port/shop!", "LEDGER must be sqlite:////absolute/path or postgresql://…"),
    ("LEDGER!postgresql://db/shop?sslmode!", "LEDGER must be sqlite:////absolute/path or postgresql://…"),
    ("LEDGER!postgresql://shop:secret@127.0.0.1/shop!", "no key word JOURNAL, which this LEDGER needs"),
])  # fmt: skip
def test_invalid_value_is_rejected_with_its_line(tmp_path: Path, line: str, message: str) -> None:
    with pytest.raises(PathfileError) as refusal:
        pathfile_of(tmp_path, NEEDED + "# comment\n\n" + line + "\n")
    assert str(refusal.value) == f"Error reading pathfile (line 7: {message})"
    assert refusal.value.line == 7


@pytest.mark.parametrize("keyword", ["PAYPAGE_URL", "PAYPAGE_KEY"])
@pytest.mark.parametrize("line", ["", "{}!!"])
def test_paypage_needs_an_address_and_a_key(tmp_path: Path, keyword: str, line: str) -> None:
    content = NEEDED + "PROTOCOL!paypage!\nPAYPAGE_URL!https://bank.example/!\nPAYPAGE_KEY!/etc/shop/key!\n"
    assert pathfile_of(tmp_path, content.replace("F_CERTIFICATE", "X")).paypage.key == "/etc/shop/key"
    content = "".join(row for row in content.splitlines(keepends=True) if not row.startswith(f"{keyword}!"))
    with pytest.raises(PathfileError, match=rf"\(no key word {keyword}\)$"):
        pathfile_of(tmp_path, content + line.format(keyword))


def test_absent_keywords_have_defaults(tmp_path: Path) -> None:
    pathfile = pathfile_of(tmp_path, NEEDED + "PAYPAGE_SEAL!!\n")
    paypage = pathfile.paypage
    assert (pathfile.protocol, pathfile.kit_version, pathfile.log) == ("sips", "", "")
    assert (paypage.seal, paypage.encode, paypage.means) == ("HMAC-SHA-256", "base64url", "shop")
    assert (paypage.reference, paypage.key_version, paypage.interface) == ("transactionId", "1", "HP_3.4")
    assert (pathfile.ledger, pathfile.journal) == (None, "")


def test_journal_is_beside_an_sqlite_ledger_by_default(tmp_path: Path) -> None:
    content = NEEDED + "LEDGER!sqlite:////srv/shop/ledger.db!\n"
    pathfile = pathfile_of(tmp_path, content)
    assert pathfile.ledger and pathfile.ledger.file == "/srv/shop/ledger.db"
    assert pathfile.journal == "/srv/shop/journal"
    assert pathfile_of(tmp_path, content + "JOURNAL!/srv/journal!\n").journal == "/srv/journal"


def test_line_number_of_a_repeated_keyword_is_the_last_one(tmp_path: Path) -> None:
    lines = pathfile_of(tmp_path, "# shop\n" + NEEDED + "DEBUG!NO!\nDEBUG!YES!\n").lines
    assert (lines["D_LOGO"], lines["F_CERTIFICATE"], lines["DEBUG"]) == (2, 5, 7)


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://",
        "postgres://shop:50%25off%40noon@db.example:5432/shop",
        "postgresql://shop@db1:5432,db2:5433,[::1]/shop?target_session_attrs=read-write&sslmode=require",
        "postgresql:///shop?host=/run/postgresql",
        "postgresql://%2Frun%2Fpostgresql/shop",
    ],
)
def test_postgresql_address_that_libpq_reads_is_accepted(tmp_path: Path, url: str) -> None:
    assert conninfo_to_dict(url) is not None
    pathfile = pathfile_of(tmp_path, f"{NEEDED}JOURNAL!/srv/journal!\nLEDGER!{url}!\n")
    assert pathfile.ledger and (pathfile.ledger.url, pathfile.ledger.file) == (url, "")


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:8080/v2", "http://bank.example/v2", "https://bank.example/v2"]
)
def test_office_server_in_clear_stops_no_payment(tmp_path: Path, url: str) -> None:
    assert pathfile_of(tmp_path, f"{NEEDED}OFFICE_URL!{url}!\n").office_url == url


def test_password_of_the_ledger_is_not_shown(tmp_path: Path) -> None:
    content = NEEDED + "JOURNAL!/srv/journal!\nLEDGER!postgresql://shop:secret@127.0.0.1/shop!\n"
    pathfile = pathfile_of(tmp_path, content)
    assert "secret" not in repr(pathfile) + repr(pathfile.ledger)


@pytest.mark.parametrize(
    ("url", "host", "has_password"),
    [
        ("sqlite:////srv/shop/ledger.db", "", False),
        ("postgresql://127.0.0.1/shop", "127.0.0.1", False),
        ("postgresql://shop@[::1]:5433/shop", "::1", False),
        ("postgresql://shop:secret@db.example/shop", "db.example", True),
        ("postgresql:///shop?host=/run/postgresql&password=secret", "", True),
    ],
)
def test_ledger_address_gives_its_host_and_whether_it_has_a_password(
    url: str, host: str, has_password: bool
) -> None:
    address = LedgerAddress(url)
    assert (address.host, address.has_password) == (host, has_password)


def test_every_invalid_value_is_reported_with_its_keyword_and_its_rule(tmp_path: Path) -> None:
    content = (
        "D_LOGO!/logos/!\nNUMBERS!all!\nLOG!disk!\nNUMBERS!\nPAYPAGE_URL!bank!\nLEDGER!postgresql://h/d!\n"
    )
    keywords, lines = settings(str(tmp_path / "pathfile"), parse(content.encode()))
    assert [(error.kind, error.keyword, error.line) for error in wrong_values(keywords, lines)] == [
        ("wrong_value", "LOG", 3),
        ("keyword_absent", "F_DEFAULT", 0),
        ("keyword_absent", "F_PARAM", 0),
        ("keyword_absent", "F_CERTIFICATE", 0),
        ("wrong_form", "NUMBERS", 2),
        ("address_malformed", "PAYPAGE_URL", 5),
        ("keyword_absent", "JOURNAL", 6),
    ]


@pytest.mark.parametrize("path", ["/nowhere/pathfile", "/", "path\0file"])
def test_unreadable_pathfile_is_reported(path: str) -> None:
    with pytest.raises(PathfileError) as refusal:
        read_pathfile(path)
    assert str(refusal.value) == f"Error reading pathfile ({path})"


def test_line_without_separators_is_reported_with_its_number(tmp_path: Path) -> None:
    with pytest.raises(InvalidSeparator, match=r"^\+ Invalid separator in file at line 5 \("):
        pathfile_of(tmp_path, NEEDED + "DEBUG!NO")


def test_keywords_of_a_parmcom_file_set_their_fields(tmp_path: Path) -> None:
    (tmp_path / "parmcom").write_text(
        "# shop\nLOGO!shop.gif!\nRETURN_URL!http://shop.example/a b!\nFOO!bar!\nDATA!" + "x" * 3000 + "!"
    )
    parameters = read_parameters("merchant", str(tmp_path / "parmcom"))
    assert (parameters.path, parameters.lines) == (
        str(tmp_path / "parmcom"),
        {"LOGO": 2, "RETURN_URL": 3, "DATA": 5},
    )
    assert parameters.fields == {
        "logo_id": "shop.gif",
        "normal_return_url": "http://shop.example/a b",
        "data": "x" * 3000,
    }


@pytest.mark.parametrize(
    "keyword", ["", "FOO", "AMOUNT", "amount", "caddie", "logo", "TRANSACTION_ID", "THREED_LS_CODE"]
)
def test_unknown_keyword_of_a_parmcom_file_is_ignored(tmp_path: Path, keyword: str) -> None:
    (tmp_path / "parmcom").write_text(f"{keyword}!1!\nCADDIE!x!\n")
    assert read_parameters("merchant", str(tmp_path / "parmcom")).fields == {"caddie": "x"}


@pytest.mark.parametrize("whose", ["default", "merchant"])
@pytest.mark.parametrize("path", ["/no", "/", "parm\0com"])
def test_unreadable_parmcom_file_is_reported_as_default_or_merchant_file(whose: str, path: str) -> None:
    with pytest.raises(ParametersUnreadable) as refusal:
        read_parameters(whose, path)
    assert str(refusal.value) == f"Error reading {whose} parameters definition ({path})"


@pytest.mark.parametrize(("line", "parts"), [("DEBUG", 1), ("DEBUG!YES", 2), ("DEBUG!YES!!", 4), ("!!!", 4)])
def test_line_of_a_parmcom_file_without_two_separators_is_rejected(
    tmp_path: Path, line: str, parts: int
) -> None:
    path = tmp_path / "parmcom"
    path.write_text(f"# shop\n\n{line}\n")
    with pytest.raises(InvalidSeparator) as refusal:
        read_parameters("default", str(path))
    assert str(refusal.value) == f"Invalid separator in file at line 3 3 attendu, {parts} recu ({path})"


def test_value_that_is_not_empty_overrides_the_previous_source() -> None:
    default, merchant, call = (
        {"language": "fr", "currency_code": "840", "logo_id": "bank.gif"},
        {"language": "en", "logo_id": ""},
        {"language": "", "amount": "1000"},
    )
    assert merge(default, merchant, call) == {
        "block_align": "center",
        "block_order": "1,2,3,4,5,6,7,8,9",
        "currency_code": "840",
        "header_flag": "no",
        "language": "en",
        "logo_id": "bank.gif",
        "amount": "1000",
    }


def test_pathfile_can_refer_to_its_own_folder(param: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = param / "pathfile"
    path.write_text(path.read_text().replace(str(param), "@HERE@"))
    link = param.parent / "link"
    link.symlink_to(path)
    monkeypatch.chdir(param)
    for name in (str(path), str(link), "pathfile", ""):
        assert read_pathfile(name).merchant_parameters == f"{param}/parmcom"


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ("# shop\r\nDEBUG!NO!\r\n\n\n", "# shop\r\nDEBUG!NO!\r\nLOG!syslog!\n"),
        ("LOG!!\n# end", "LOG!syslog!\n# end\n"),
        ("LOGO!x!\nLOG!a!\n# LOG!b!\nLOG!c!\nJOURNAL!/d!\nJOURNAL!/e!\n", "LOGO!x!\nLOG!syslog!\n# LOG!b!\n"),
        ("LOG\n", "LOG!syslog!\n"),
    ],
)
def test_keywords_of_a_file_are_replaced_on_their_line(content: str, expected: str) -> None:
    values = {"LOG": "syslog", "JOURNAL": None}
    assert replace_keywords(content.encode(), values) == expected.encode()


def test_replacing_a_keyword_keeps_every_other_byte() -> None:
    content = b"# \xe9t\xe9 \xff\nSHOP_NAME!Th\xc3\xa9i\xe8re!\n"
    assert replace_keywords(content, {"LOG": None}) == content
