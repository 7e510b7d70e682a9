from pathlib import Path

import pytest

from sogenactif.configuration import Pathfile, merge, read_parameters, read_pathfile
from sogenactif.errors import InvalidSeparator, ParametersUnreadable, PathfileError

NEEDED = "D_LOGO!/logos/!\nF_DEFAULT!/etc/shop/common!\nF_PARAM!/etc/shop/parmcom!\nF_CERTIFICATE!/etc/shop/certif!\n"


def pathfile_of(folder: Path, content: str) -> Pathfile:
    (folder / "pathfile").write_bytes(content.encode("latin-1"))
    return read_pathfile(str(folder / "pathfile"))


def test_a_pathfile_names_the_files_of_a_shop(tmp_path: Path) -> None:
    pathfile = pathfile_of(tmp_path, NEEDED)
    assert pathfile.parameter_files("014") == (
        ("default", "/etc/shop/common"),
        ("merchant", "/etc/shop/parmcom.014"),
    )
    assert not pathfile.debug
    assert pathfile.logo_extension == "gif"


def test_extra_keywords_name_the_logos_and_the_kit(tmp_path: Path) -> None:
    pathfile = pathfile_of(tmp_path, NEEDED + "LOGO_TYPE!svg!\nKIT_VERSION!615!\nDEBUG!YES!")
    assert (pathfile.logo_extension, pathfile["KIT_VERSION"], pathfile.debug) == ("svg", "615", True)


def test_files_may_have_crlf_accents_and_no_last_newline(tmp_path: Path) -> None:
    pathfile = pathfile_of(
        tmp_path, "# param\u00e8tres\r\n\r\n" + NEEDED.replace("\n", "\r\n") + "DEBUG!YES!"
    )
    assert pathfile.debug
    assert pathfile["F_PARAM"] == "/etc/shop/parmcom"


def test_d_parm_is_put_before_parmcom_wherever_it_stands(tmp_path: Path) -> None:
    content = NEEDED.replace("/etc/shop/parmcom!", "D_PARM!parmcom!") + "D_PARM!/srv/!\n"
    assert pathfile_of(tmp_path, content)["F_PARAM"] == "/srv/parmcom"


@pytest.mark.parametrize("keyword", ["D_LOGO", "F_DEFAULT", "F_PARAM", "F_CERTIFICATE"])
def test_a_needed_keyword_that_is_missing_is_named(tmp_path: Path, keyword: str) -> None:
    with pytest.raises(PathfileError, match=rf"^Error reading pathfile \(no key word {keyword}\)$"):
        pathfile_of(tmp_path, NEEDED.replace(keyword, "X"))


@pytest.mark.parametrize("line", ["F_CTYPE!../php!", "LOGO_TYPE!g/f!", "KIT_VERSION!616!"])
def test_values_that_make_no_sense_are_refused(tmp_path: Path, line: str) -> None:
    with pytest.raises(PathfileError, match=line.split("!")[0]):
        pathfile_of(tmp_path, NEEDED + line + "\n")


@pytest.mark.parametrize("path", ["/nowhere/pathfile", "/", "path\0file"])
def test_a_pathfile_that_cannot_be_opened_is_named(path: str) -> None:
    with pytest.raises(PathfileError) as refusal:
        read_pathfile(path)
    assert str(refusal.value) == f"Error reading pathfile ({path})"


def test_a_line_without_its_separators_is_named_with_its_number(tmp_path: Path) -> None:
    with pytest.raises(InvalidSeparator, match=r"^\+ Invalid separator in file at line 5 \("):
        pathfile_of(tmp_path, NEEDED + "DEBUG!NO")


def test_a_parmcom_file_sets_fields_under_their_keywords(tmp_path: Path) -> None:
    (tmp_path / "parmcom").write_text(
        "# shop\nLOGO!shop.gif!\nRETURN_URL!http://shop.example/a b!\nFOO!bar!\nDATA!" + "x" * 3000 + "!"
    )
    assert read_parameters("merchant", str(tmp_path / "parmcom")) == {
        "logo_id": "shop.gif",
        "normal_return_url": "http://shop.example/a b",
        "data": "x" * 3000,
    }


def test_a_parmcom_file_that_cannot_be_opened_says_whose_it_is() -> None:
    with pytest.raises(ParametersUnreadable, match=r"^Error reading merchant parameters definition \(/no\)$"):
        read_parameters("merchant", "/no")


def test_each_source_overrides_the_one_before_where_it_is_not_empty() -> None:
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


def test_a_pathfile_may_name_its_own_folder(param: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = param / "pathfile"
    path.write_text(path.read_text().replace(str(param), "@HERE@"))
    link = param.parent / "link"
    link.symlink_to(path)
    monkeypatch.chdir(param)
    for name in (str(path), str(link), "pathfile", ""):
        assert read_pathfile(name)["F_PARAM"] == f"{param}/parmcom"
