"""Forms: what a browser sends of them."""

from __future__ import annotations

import io
import warnings
from collections.abc import Iterable
from typing import Any, NamedTuple
from urllib.parse import urlencode

from multidict import MultiDict, MultiDictProxy

from . import hdrs, payload
from ._disposition import check_text, guess_filename
from ._foreign import hint
from .multipart import MultipartWriter

__all__ = ("FormData",)


class _Field(NamedTuple):
    #: What Content-Disposition says of it.
    options: MultiDict[str]
    headers: dict[str, str]
    value: Any


class FormData:
    """The fields of a form: as ``application/x-www-form-urlencoded``, or, if there are files, types
    or file names among them or ``default_to_multipart`` says so, as ``multipart/form-data``.

    ``fields``: a dict, a multidict, pairs of name and value, or files. With ``quote_fields``, what
    is not ASCII in the names of files is sent in per cent; ``charset`` is that of names and texts,
    UTF-8 if it is None.
    """

    def __init__(
        self,
        fields: Iterable[Any] = (),
        quote_fields: bool = True,
        charset: str | None = None,
        *,
        default_to_multipart: bool = False,
    ) -> None:
        self._writer = MultipartWriter("form-data")
        self._fields: list[_Field] = []
        self._is_multipart = default_to_multipart
        self._quote_fields = quote_fields
        self._charset = charset
        if isinstance(fields, dict):
            self.add_fields(*fields.items())
        elif isinstance(fields, (list, tuple)):
            self.add_fields(*fields)
        else:
            self.add_fields(fields)

    @property
    def is_multipart(self) -> bool:
        """Whether it is sent as ``multipart/form-data``."""
        return self._is_multipart

    def add_field(
        self,
        name: str,
        value: Any,
        *,
        content_type: str | None = None,
        filename: str | None = None,
        content_transfer_encoding: str | None = None,
    ) -> None:
        """Add a field: a text, a file, or what else can be a body.

        Raises TypeError for other types than these, ValueError for a name that would end a header.
        """
        if isinstance(value, io.IOBase):
            self._is_multipart = True
        elif isinstance(value, (bytes, bytearray, memoryview)) and (
            filename is None and content_transfer_encoding is None
        ):
            warnings.warn(
                "In v4, passing bytes will no longer create a file field. "
                "Please explicitly use the filename parameter or pass a BytesIO object.",
                DeprecationWarning,
                stacklevel=2,
            )
            filename = name
        options: MultiDict[str] = MultiDict({"name": check_text(name)})
        _check_str("filename", filename)
        if filename is None and isinstance(value, io.IOBase):
            filename = guess_filename(value, name)
        if filename is not None:
            options["filename"] = check_text(filename)
            self._is_multipart = True
        headers: dict[str, str] = {}
        _check_str("content_type", content_type)
        if content_type is not None:
            headers[hdrs.CONTENT_TYPE] = check_text(content_type)
            self._is_multipart = True
        _check_str("content_transfer_encoding", content_transfer_encoding)
        if content_transfer_encoding is not None:
            warnings.warn(
                "content_transfer_encoding is deprecated. "
                "To maintain compatibility with v4 please pass a BytesPayload.",
                DeprecationWarning,
                stacklevel=2,
            )
            self._is_multipart = True
        self._fields.append(_Field(options, headers, value))

    def add_fields(self, *fields: Any) -> None:
        """Add several: files, multidicts, and pairs of name and value.

        Raises TypeError for what is none of these.
        """
        # What is in a multidict comes behind the others.
        waiting = list(fields)
        for field in waiting:
            if isinstance(field, io.IOBase):
                self.add_field(guess_filename(field, "unknown") or "unknown", field)
            elif isinstance(field, (MultiDict, MultiDictProxy)):
                waiting.extend(field.items())
            elif isinstance(field, (list, tuple)) and len(field) == 2:
                name, value = field
                self.add_field(name, value)
            else:
                raise TypeError(
                    "Only io.IOBase, multidict and (name, file) pairs allowed, use .add_field() "
                    f"for passing more complex parameters, got {field!r}{hint(field)}"
                )

    def __call__(self) -> payload.Payload:
        """The body. A multipart one has its fields once: a second call adds those that were added
        since.

        Raises TypeError for a value that can't be sent.
        """
        return self._multipart() if self._is_multipart else self._urlencoded()

    def _urlencoded(self) -> payload.BytesPayload:
        charset = self._charset or "utf-8"
        kind = "application/x-www-form-urlencoded"
        if charset != "utf-8":
            kind = f"{kind}; charset={charset}"
        pairs = [(field.options["name"], field.value) for field in self._fields]
        encoded = urlencode(pairs, doseq=True, encoding=charset)
        return payload.BytesPayload(encoded.encode(), content_type=kind)

    def _multipart(self) -> MultipartWriter:
        for options, headers, value in self._fields:
            said = {"content_type": headers[hdrs.CONTENT_TYPE]} if headers else {}
            try:
                part = payload.get_payload(value, headers=headers, encoding=self._charset, **said)
            except Exception as error:
                raise TypeError(
                    f"Can not serialize value type: {type(value)!r}\n "
                    f"headers: {headers!r}\n value: {value!r}"
                ) from error
            part.set_content_disposition("form-data", quote_fields=self._quote_fields, **options)
            # A part's length is said by its boundaries (RFC 7578, 4.8).
            part.headers.popall(hdrs.CONTENT_LENGTH, None)
            self._writer.append_payload(part)
        self._fields.clear()
        return self._writer


def _check_str(name: str, value: object) -> None:
    if value is not None and not isinstance(value, str):
        raise TypeError(f"{name} must be an instance of str. Got: {value}")
