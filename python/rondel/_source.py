"""A program file's bytes to its code, with the errors that `python FILE` gives."""

import codecs
import marshal
import tokenize
from importlib.util import MAGIC_NUMBER
from types import CodeType

# Magic number, flags, and time and size or hash (PEP 552).
PYC_HEADER = 16


def is_pyc(location: str, content: bytes) -> bool:
    """As `maybe_pyc_file` (Python/pythonrun.c): by name, or by the magic number's first half."""
    return location.endswith(".pyc") or content[:2] == MAGIC_NUMBER[:2]


def load_pyc(content: bytes) -> CodeType:
    """Raises RuntimeError, as `run_pyc_file`: another version's magic number, no code object."""
    if content[:4] != MAGIC_NUMBER:
        raise RuntimeError("Bad magic number in .pyc file")
    code = marshal.loads(content[PYC_HEADER:])
    if not isinstance(code, CodeType):
        raise RuntimeError("Bad code object in .pyc file")  # noqa: TRY004  the interpreter's error
    return code


def compile_source(content: bytes | str, filename: str) -> CodeType:
    """Source, by the encoding that it declares (PEP 263). Raises SyntaxError."""
    try:
        return compile(content, filename, "exec", dont_inherit=True)
    except SyntaxError as refused:
        # Python reads a file line by line: what is no text at all, it reports in other words.
        error = None if isinstance(content, str) else _unreadable(content, filename, refused.msg)
        if error is None:
            raise
    raise error


def _unreadable(content: bytes, filename: str, message: str) -> SyntaxError | None:
    """What `python FILE` reports if these bytes are not text in their encoding; else None.

    `message` is what `compile` says about them.
    """
    if message.endswith("with BOM"):
        return SyntaxError(message)
    encoding = _declared_encoding(content)
    end = len(content)
    try:
        content.decode(encoding or "utf-8")
    except LookupError:
        return SyntaxError(f"encoding problem: {encoding}")
    except UnicodeDecodeError as error:
        if encoding:
            is_utf8 = (encoding.lower().replace("_", "-") + "-").startswith("utf-8-")
            return None if is_utf8 else SyntaxError(f"encoding problem: {encoding}")
        end = error.start
    nul = content.find(b"\0", 0, end)
    line = content.count(b"\n", 0, end if nul < 0 else nul) + 1
    if nul >= 0:
        text = content[:nul].rpartition(b"\n")[2].decode(encoding or "utf-8", "replace")
        return SyntaxError("source code cannot contain null bytes", (filename, line, 0, text))
    if end < len(content):
        return SyntaxError(
            f"Non-UTF-8 code starting with '\\x{content[end]:02x}' in file {filename} "
            f"on line {line}, but no encoding declared; "
            "see https://peps.python.org/pep-0263/ for details"
        )
    return None


def _declared_encoding(content: bytes) -> str | None:
    """The name in the comment of line 1, or of line 2 if line 1 is empty or a comment too."""
    for line in content.removeprefix(codecs.BOM_UTF8).splitlines()[:2]:
        text = line.decode("latin-1")
        if match := tokenize.cookie_re.match(text):
            return match[1]
        if not text.lstrip().startswith("#") and text.strip():
            break
    return None
