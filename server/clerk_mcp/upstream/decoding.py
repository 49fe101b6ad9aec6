"""Compressed answers, piece by piece, and never more of them than fits.

A few kilobytes may hold gigabytes of zeros (a zip bomb): no more is unpacked of a piece than is still taken.
"""

from __future__ import annotations

import zlib
from typing import Final

import httpx2

_GZIP: Final = 16 + zlib.MAX_WBITS


class Decoder:
    """What unpacks one answer's body."""

    def __init__(self, window_bits: int) -> None:
        self._unpacking = zlib.decompressobj(window_bits)
        self._may_be_bare = window_bits == zlib.MAX_WBITS

    def decode(self, piece: bytes, most: int) -> bytes:
        """Unpack a piece, as far as to this many bytes.

        Raises:
            httpx2.DecodingError: it is not packed as was said.
        """
        try:
            unpacked = self._unpacking.decompress(piece, most)
        except zlib.error as error:
            if not self._may_be_bare:
                raise httpx2.DecodingError(str(error)) from error
            # Some servers leave out the wrapping that the standard wants around a `deflate`.
            self._unpacking = zlib.decompressobj(-zlib.MAX_WBITS)
            self._may_be_bare = False
            return self.decode(piece, most)
        self._may_be_bare = False
        return unpacked


def decoder_of(coding: bytes) -> Decoder | None:
    """Return what unpacks a body of this `Content-Encoding`; None where it is read as it is."""
    match coding.strip().lower():
        case b"gzip" | b"x-gzip":
            return Decoder(_GZIP)
        case b"deflate":
            return Decoder(zlib.MAX_WBITS)
    return None
