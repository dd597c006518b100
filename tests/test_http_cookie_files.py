"""Cookie jars in files: JSON as aiohttp writes it, and pickles of old."""

import json
import pickle
import stat

import pytest

from support.http_cookies import HOST, NOW, received, sent


def filled(jar):
    jar.update_cookies({"shared": "0"})
    received(jar, 'a="1 2"; Path=/p; HttpOnly; Max-Age=50', url="http://example.com/")
    received(jar, "b=2; Domain=example.com; Secure", url="http://www.example.com/")
    return jar


def test_save_and_load(make_jar, clock, tmp_path):
    path = tmp_path / "jar"
    jar = filled(make_jar())
    jar.save(str(path))
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    loaded = make_jar()
    received(loaded, "gone=1")
    loaded.load(path)
    for url in ("http://example.com/p", "https://example.com/p", "https://sub.example.com/"):
        assert sent(loaded, url) == sent(jar, url)
    assert loaded.host_only_cookies == jar.host_only_cookies
    assert len(loaded) == 3
    clock.now += 51
    assert sent(loaded, "https://example.com/p") == {"shared": "0", "b": "2"}


def test_the_format_of_files(make_jar, clock, tmp_path):
    path = tmp_path / "jar"
    filled(make_jar()).save(path)
    assert json.loads(path.read_text()) == {
        "|": {"shared": {"key": "shared", "value": "0", "coded_value": "0", "path": "/"}},
        "example.com|/p": {
            "a": {
                "key": "a",
                "value": "1 2",
                "coded_value": '"1 2"',
                "path": "/p",
                "domain": "example.com",
                "httponly": True,
                "host_only": True,
                "expires_timestamp": NOW + 50,
            }
        },
        "example.com|": {
            "b": {
                "key": "b",
                "value": "2",
                "coded_value": "2",
                "path": "/",
                "domain": "example.com",
                "secure": True,
            }
        },
    }


def test_old_files_are_pickles(make_jar, tmp_path):
    path = tmp_path / "jar"
    path.write_bytes(pickle.dumps(dict(filled(make_jar()).cookies)))
    jar = make_jar()
    jar.load(path)
    assert sent(jar, "http://example.com/p") == {"shared": "0", "a": "1 2"}


@pytest.mark.parametrize(
    "content",
    [
        b'{"example.com": {}}',
        b'{"example.com|": {"a": {"key": "a"}}}',
        b'{"example.com|": {"a": {"key": "a", "value": "", "coded_value": "", '
        b'"expires_timestamp": "soon"}}}',
        pickle.dumps(print),
        b"garbage",
    ],
    ids=["key", "record", "time", "pickle", "garbage"],
)
def test_a_malformed_file_changes_nothing(jar, tmp_path, content):
    received(jar, "a=1")
    path = tmp_path / "jar"
    path.write_bytes(content)
    with pytest.raises((ValueError, KeyError, pickle.UnpicklingError)):
        jar.load(path)
    assert sent(jar, HOST) == {"a": "1"}


def test_a_pickle_of_anything_else_is_not_run(jar, tmp_path):
    path = tmp_path / "jar"
    path.write_bytes(pickle.dumps(print))
    with pytest.raises(pickle.UnpicklingError, match="Forbidden class"):
        jar.load(path)
