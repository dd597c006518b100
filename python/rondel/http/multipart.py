"""Bodies of several parts: `MultipartWriter` makes them, `MultipartReader` reads them."""

from ._disposition import (
    BadContentDispositionHeader,
    BadContentDispositionParam,
    content_disposition_filename,
    parse_content_disposition,
)
from ._multipart_part import BodyPartReader, BodyPartReaderPayload
from ._multipart_reader import MultipartReader, MultipartResponseWrapper
from ._multipart_writer import MultipartPayloadWriter, MultipartWriter

__all__ = (
    "BadContentDispositionHeader",
    "BadContentDispositionParam",
    "BodyPartReader",
    "BodyPartReaderPayload",
    "MultipartPayloadWriter",
    "MultipartReader",
    "MultipartResponseWrapper",
    "MultipartWriter",
    "content_disposition_filename",
    "parse_content_disposition",
)
