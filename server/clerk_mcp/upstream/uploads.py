"""Images on their way to Clerk: from what a caller gives to bytes that Clerk takes, or a clear refusal."""

from __future__ import annotations

import base64
import binascii
import contextlib
import errno
import os
import re
import secrets
import stat
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

MAX_BYTES: Final = 10 * 1024 * 1024
"""Clerk's limit for an image."""

# By the first bytes, because names and declared types are often wrong. Icons are for logos only.
_SIGNATURES: Final = {
    "jpeg": re.compile(rb"\xff\xd8\xff"),
    "png": re.compile(rb"\x89PNG\r\n\x1a\n"),
    "gif": re.compile(rb"GIF8[79]a"),
    "webp": re.compile(rb"RIFF.{4}WEBP", re.DOTALL),
    "x-icon": re.compile(rb"\x00\x00\x01\x00"),
}
_LONGEST_PATH: Final = 4096
_REASONS: Final = {
    errno.ELOOP: "links are not followed",
    errno.ENOTDIR: "a part of it is no directory, or is a link; links are not followed",
}


class UploadError(Exception):
    """The image cannot be sent; the message says why, and what would do."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


@dataclass(frozen=True, slots=True)
class Image:
    """An image as Clerk takes it."""

    content: bytes
    subtype: str
    """Of its media type: `png` of image/png."""

    @property
    def part(self) -> tuple[str, bytes, str]:
        """Name, content and media type, as httpx2 takes the part of a form.

        The name is made up: what a file is called on the operator's disk is nobody else's business.
        """
        return f"image.{self.subtype}", self.content, f"image/{self.subtype}"


_UNSEEN: Final = ("Cc", "Cf", "Zl", "Zp")
"""Kinds of characters that no name of a new file has: a line break, an escape or a mark that turns the
direction of writing makes it look like another name to whoever lists the directory."""


class Files:
    """The directory that callers may name files in; nothing outside it can be reached."""

    def __init__(self, directory: Path) -> None:
        """
        Raises:
            ValueError: it is no directory, or the platform has no way to open a path without following links.
        """
        if os.open not in os.supports_dir_fd or not hasattr(os, "O_NOFOLLOW"):
            raise ValueError("local files cannot be offered safely on this platform")
        if not directory.is_dir():
            raise ValueError(f"{directory} is not a directory")
        self.directory = directory.absolute()

    def read(self, path: str, most: int = MAX_BYTES) -> bytes:
        """Return the content of a file, named by its path below the directory or by its absolute path.

        Args:
            most: bytes of the largest file that is read.

        Raises:
            UploadError: it is elsewhere, behind a link, unreadable, no regular file, or too large.
        """
        try:
            path.encode()
        except UnicodeEncodeError:
            # Half of a surrogate pair. Not quoted, because no answer could hold it.
            raise UploadError("file_unreadable", "The path is not valid Unicode.") from None
        try:
            descriptor = self._open(path)
            try:
                status = os.fstat(descriptor)
                if not stat.S_ISREG(status.st_mode):
                    raise UploadError("file_unreadable", f"{path} is not a file.")
                if status.st_size > most:
                    if most == MAX_BYTES:
                        raise _too_large()
                    raise UploadError("file_too_large", f"{path} is larger than {most // 1_000_000} MB.")
                with open(descriptor, "rb", closefd=False) as file:
                    return file.read(most + 1)
            finally:
                os.close(descriptor)
        except OSError as error:
            reason = _REASONS.get(error.errno or 0) or os.strerror(error.errno or errno.EIO)
            message = f"{path} in {self.directory} cannot be read: {reason}."
            raise UploadError("file_unreadable", message) from None

    def write(self, path: str, chunks: Iterable[bytes], *, over: bool = False) -> int:
        """Write a file that only its owner can read, whole or not at all; how many bytes it has.

        Args:
            over: whether a file of this name may be replaced.

        Raises:
            UploadError: it is elsewhere, behind a link, there already, or cannot be written.
        """
        beside = f".{secrets.token_hex(6)}.part"
        try:
            path.encode()
            if any(unicodedata.category(character) in _UNSEEN for character in path):
                raise UploadError("file_unwritable", f"{path!a} holds characters that nobody would see.")
            folder, name = self._folder(path)
            try:
                with open(_create(beside, folder), "wb") as file:
                    for chunk in chunks:
                        file.write(chunk)
                    file.flush()
                    os.fsync(file.fileno())
                    written = file.tell()
                _put(beside, name, folder, over)
            finally:
                with contextlib.suppress(FileNotFoundError):
                    os.unlink(beside, dir_fd=folder)
                os.close(folder)
        except UnicodeEncodeError:
            raise UploadError("file_unwritable", "The path is not valid Unicode.") from None
        except FileExistsError:
            message = f"{path} is there already; choose another name, or say that it may be replaced."
            raise UploadError("file_exists", message) from None
        except OSError as error:
            reason = _REASONS.get(error.errno or 0) or os.strerror(error.errno or errno.EIO)
            message = f"{path} in {self.directory} cannot be written: {reason}. Nothing was left of it."
            raise UploadError("file_unwritable", message) from None
        return written

    def _open(self, path: str) -> int:
        folder, name = self._folder(path)
        try:
            # Not to hang on a pipe, which has no reader yet.
            return os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK, dir_fd=folder)
        finally:
            os.close(folder)

    def _folder(self, path: str) -> tuple[int, str]:
        """Open the directory that a file is in, and say what the file is called there."""
        # Component by component and never through a link, so that nothing can be swapped in between.
        folder = os.open(self.directory, os.O_RDONLY | os.O_DIRECTORY)
        try:
            *folders, name = self._parts(path)
            for part in folders:
                below = os.open(part, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW, dir_fd=folder)
                os.close(folder)
                folder = below
        except BaseException:
            os.close(folder)
            raise
        return folder, name

    def _parts(self, path: str) -> tuple[str, ...]:
        below = Path(path)
        for root in (self.directory, self.directory.resolve()):
            if below.is_relative_to(root):
                below = below.relative_to(root)
        if below.is_absolute() or ".." in below.parts or not below.parts or "\0" in path:
            raise UploadError(
                "file_unreadable", f"{path} is not a path below {self.directory}: give one such as users.csv."
            )
        return below.parts


def _create(name: str, folder: int) -> int:
    return os.open(name, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600, dir_fd=folder)


def _put(beside: str, name: str, folder: int, over: bool) -> None:
    """Give a written file its name at once, so that nobody ever sees half of it."""
    if not over:
        os.link(beside, name, src_dir_fd=folder, dst_dir_fd=folder, follow_symlinks=False)
        return
    with contextlib.suppress(FileNotFoundError):
        if not stat.S_ISREG(os.stat(name, dir_fd=folder, follow_symlinks=False).st_mode):
            raise OSError(errno.ELOOP, "not a file")
    os.rename(beside, name, src_dir_fd=folder, dst_dir_fd=folder)


def read_image(given: str, files: Files | None = None, *, icons: bool = False) -> Image:
    """Return the image that a caller gave as base64, as a data URI, or as a path where `files` are offered.

    Args:
        icons: whether Clerk takes an .ico here, as it does for logos.

    Raises:
        UploadError: it is none of these, of a type that Clerk refuses, or larger than 10 MB.
    """
    text = given.strip()
    content = _decoded(text)
    if files and len(text) <= _LONGEST_PATH and (content is None or not _subtype(content)):
        content = files.read(text)
    if content is None:
        raise UploadError("invalid_image", _what_would_do(text, files))
    if len(content) > MAX_BYTES:
        raise _too_large()
    subtype = _subtype(content)
    if not subtype or (subtype == "x-icon" and not icons):
        taken = "jpeg, png, gif, webp or ico" if icons else "jpeg, png, gif or webp"
        raise UploadError("invalid_image", f"By its first bytes this is no image that Clerk takes: {taken}.")
    return Image(content, subtype)


def _decoded(text: str) -> bytes | None:
    """Return the bytes of base64, with line breaks and without padding if need be; None if it is none."""
    head, comma, rest = text.partition(",")
    is_data_uri = comma and head[:5].lower() == "data:" and head[-7:].lower() == ";base64"
    encoded = "".join((rest if is_data_uri else text).split()).rstrip("=")
    if len(encoded) * 3 // 4 > MAX_BYTES:
        raise _too_large()
    try:
        padded = encoded + "=" * (-len(encoded) % 4)
        return base64.b64decode(padded.replace("-", "+").replace("_", "/"), validate=True) or None
    except (binascii.Error, ValueError):
        return None


def _subtype(content: bytes) -> str | None:
    return next((name for name, signature in _SIGNATURES.items() if signature.match(content)), None)


def _what_would_do(text: str, files: Files | None) -> str:
    ways = "base64, or a data URI such as data:image/png;base64,…"
    if files:
        ways += f", or the path of a file below {files.directory}"
    if text.lower().startswith(("http://", "https://")):
        return f"An address is not fetched: give the image itself as {ways}."
    return f"The image is empty or its base64 is broken: give it as {ways}."


def _too_large() -> UploadError:
    return UploadError("image_too_large", "The image is larger than the 10 MB that Clerk takes.")
