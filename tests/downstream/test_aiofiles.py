"""aiofiles: files through threads.

Real: the files, and the executor of the loop that each call of the package runs on.
"""

import asyncio
import os

import aiofiles
import aiofiles.os
import aiofiles.tempfile
import pytest


async def test_read_and_write(loop, problems, tmp_path):
    """Real: a file of text and one of bytes, with lines, seeks and truncation."""
    path = tmp_path / "text"
    async with aiofiles.open(path, "w+", encoding="utf-8") as file:
        await file.writelines(f"line {n} ü\n" for n in range(1000))
        await file.seek(0)
        assert await file.readline() == "line 0 ü\n"
        assert [line async for line in file][-1] == "line 999 ü\n"
    big = os.urandom(3_000_000)
    async with aiofiles.open(tmp_path / "bytes", "wb+") as file:
        assert await file.write(big) == len(big)
        await file.seek(1_000_000)
        assert await file.read(1000) == big[1_000_000:1_001_000]
        await file.truncate(10)
        await file.seek(0)
        assert await file.read() == big[:10]
    with pytest.raises(FileNotFoundError):
        await aiofiles.open(tmp_path / "nowhere")


async def test_many_at_once(loop, problems, tmp_path):
    """Real: a hundred files written and read by as many tasks."""

    async def write_and_read(n):
        async with aiofiles.open(tmp_path / str(n), "w") as file:
            await file.write(str(n) * 1000)
        async with aiofiles.open(tmp_path / str(n)) as file:
            return await file.read()

    read = await asyncio.gather(*(write_and_read(n) for n in range(100)))
    assert read == [str(n) * 1000 for n in range(100)]


async def test_temporary_files_and_os(loop, problems):
    """Real: a temporary directory, which is gone at the end, and calls of `os` in it."""
    async with aiofiles.tempfile.TemporaryDirectory() as path:
        await aiofiles.os.mkdir(f"{path}/below")
        assert await aiofiles.os.listdir(path) == ["below"]
        async with aiofiles.tempfile.NamedTemporaryFile("wb", dir=path) as file:
            await file.write(b"12345")
            await file.flush()
            assert (await aiofiles.os.stat(file.name)).st_size == 5
        await aiofiles.os.rmdir(f"{path}/below")
    assert not await aiofiles.os.path.exists(path)


async def test_a_fifo(loop, problems, tmp_path):
    """Real: two threads of the executor that wait for each other at the ends of a FIFO."""
    path = tmp_path / "fifo"
    os.mkfifo(path)

    async def write():
        async with aiofiles.open(path, "w") as file:
            await file.write("through the pipe")

    writing = asyncio.create_task(write())
    async with aiofiles.open(path) as file:
        assert await file.read() == "through the pipe"
    await writing
