import csv

from sogenactif.fields import FIELDS, PRINTED, REQUEST, to_bytes, to_text
from tests.support.vectors import VECTORS


def test_fields_agree_with_the_published_dictionary() -> None:
    with open(VECTORS / "fields.csv", newline="") as file:
        published = [tuple(row.values())[:-1] for row in csv.DictReader(file)]
    ours = [
        (
            field.name,
            "yes" if field.call else "",
            *("" if value is None else str(value) for value in list(vars(field).values())[2:]),
        )
        for field in FIELDS
    ]
    assert ours == published


def test_records_of_a_request_have_the_documented_order() -> None:
    order = "1 41 2 29 3 5 6 7 8 28 9 11 31 12 13 14 16 17 18 19 20 21 22 23 24 26 30 27 32 33 34 35 36 37 38 39 40 73 76 77 78"
    assert " ".join(map(str, REQUEST)) == order


def test_printed_fields_are_42_from_merchant_id_to_threed_relegation_code() -> None:
    assert (len(PRINTED), PRINTED[0], PRINTED[29], PRINTED[-1]) == (
        42,
        "merchant_id",
        "data",
        "threed_relegation_code",
    )


def test_text_keeps_every_byte_of_a_value() -> None:
    everything = bytes(range(256)) + "Thé €".encode()
    assert to_bytes(to_text(everything)) == everything
