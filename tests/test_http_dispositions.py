"""The field Content-Disposition."""

import warnings

import pytest

DISPOSITIONS = [
    (None, (None, {}), None),
    ("attachment", ("attachment", {}), None),
    ("inline; filename=foo.html", ("inline", {"filename": "foo.html"}), "foo.html"),
    ('Attachment; filename="a b"', ("attachment", {"filename": "a b"}), "a b"),
    (r'attachment; filename="a\"b"', ("attachment", {"filename": 'a"b'}), 'a"b'),
    ('attachment; filename="a;b"', ("attachment", {"filename": "a;b"}), "a;b"),
    ("attachment; filename*=UTF-8''%c3%a4", ("attachment", {"filename*": "ä"}), "ä"),
    (
        "attachment; filename=x; filename*=UTF-8''%e2%82%ac",
        ("attachment", {"filename": "x", "filename*": "€"}),
        "€",
    ),
    (
        "attachment; filename*0=a; filename*1=b",
        ("attachment", {"filename*0": "a", "filename*1": "b"}),
        "ab",
    ),
]


@pytest.mark.parametrize(("field", "parsed", "filename"), DISPOSITIONS)
def test_dispositions(client, field, parsed, filename):
    assert client.parse_content_disposition(field) == parsed
    assert client.content_disposition_filename(parsed[1]) == filename


@pytest.mark.parametrize(
    "field", ['"inline"', "attachment; filename", "attachment; a=1; a=2", 'attachment; filename="a']
)
def test_malformed_dispositions(client, field):
    with pytest.warns(client.BadContentDispositionHeader):
        assert client.parse_content_disposition(field) == (None, {})


@pytest.mark.parametrize(
    "field", ["attachment; filename*=x", "attachment; filename*=foo''%e4", "attachment; f@o=1"]
)
def test_malformed_parameters_of_dispositions(client, field):
    with pytest.warns(client.BadContentDispositionParam):
        assert client.parse_content_disposition(field) == ("attachment", {})


def test_no_warning_for_what_is_right(client):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        client.parse_content_disposition("attachment; filename=x")
