"""uvloop's source distribution, for its tests alone: fetched once, checked, kept in the cache."""

from __future__ import annotations

import hashlib
import shutil
import tarfile
import urllib.request
from pathlib import Path

VERSION = "0.23.0"
SHA256 = "28d160f51ab4da3b187063652e643dea6831072add4adc1e6d62afbe73b6be27"
URL = (
    "https://files.pythonhosted.org/packages/fa/42/"
    "02c739ce85fb2ee8d99212c61417da8140c6b87e9d97c430bea520d76044/uvloop-0.23.0.tar.gz"
)
SECONDS = 120


def folder(cache: Path) -> Path:
    """Where it is once it is unpacked."""
    return cache / f"uvloop-{VERSION}"


def unpacked(cache: Path) -> Path:
    """The folder of the unpacked distribution, below `cache`.

    Raises OSError if it cannot be fetched, ValueError if it is not the one that is pinned here.
    """
    there = folder(cache)
    if there.is_dir():
        return there
    cache.mkdir(parents=True, exist_ok=True)
    archive = cache / f"uvloop-{VERSION}.tar.gz"
    if not archive.exists():
        download(archive)
    check(archive)
    # Under another name first: an interrupted run leaves no half of it behind.
    partial = cache / f"uvloop-{VERSION}.partial"
    shutil.rmtree(partial, ignore_errors=True)
    with tarfile.open(archive) as tar:
        members = [
            member
            for member in tar.getmembers()
            if member.name.split("/")[1:2] in (["tests"], ["uvloop"])
        ]
        # Older Pythons have no filters; the content is pinned above.
        tar.extraction_filter = getattr(tarfile, "data_filter", lambda member, _: member)
        tar.extractall(partial, members=members)
    (partial / f"uvloop-{VERSION}").rename(there)
    partial.rmdir()
    return there


def download(archive: Path) -> None:
    """Fetch the distribution to `archive`.

    Raises OSError, with the address in its message.
    """
    partial = archive.with_suffix(".partial")
    try:
        with urllib.request.urlopen(URL, timeout=SECONDS) as response, partial.open("wb") as file:
            shutil.copyfileobj(response, file)
    except OSError as error:
        raise OSError(f"{URL} cannot be fetched: {error}; put it at {archive} by hand") from error
    partial.rename(archive)


def check(archive: Path) -> None:
    """Raises ValueError, and removes the file, if it is not the one that is pinned."""
    found = hashlib.sha256(archive.read_bytes()).hexdigest()
    if found != SHA256:
        archive.unlink()
        raise ValueError(f"{archive}: sha256 is {found}, expected {SHA256}; removed, try again")
