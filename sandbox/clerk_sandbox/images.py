"""What Clerk accepts as the picture of a user or the logo of an organization."""

from __future__ import annotations

from base64 import urlsafe_b64encode

from clerk_sandbox import errors

MAX_MB = 10

_SIGNATURES = (
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"GIF87a", "image/gif"),
    (b"GIF89a", "image/gif"),
)


def image_address(what: str) -> str:
    """Tell where a picture is served, in the form that Clerk uses: what it shows, as JSON in base64."""
    return f"https://img.clerk.com/{urlsafe_b64encode(what.encode()).decode().rstrip('=')}"


def check_image(data: bytes) -> None:
    """Refuse what is not a jpeg, png, gif or webp of at most 10 MB.

    The bytes decide, not the content type of their part, which the sender may make up.

    Raises:
        ClerkError: 413 `image_too_large`, or 400 `request_body_invalid` for another type.
    """
    if len(data) > MAX_MB * 1024 * 1024:
        raise errors.image_too_large(MAX_MB)
    if image_type(data) is None:
        raise errors.image_type_not_supported()


def image_type(data: bytes) -> str | None:
    """Return the media type that the first bytes of `data` tell of, or None."""
    for signature, media_type in _SIGNATURES:
        if data.startswith(signature):
            return media_type
    return "image/webp" if data[:4] == b"RIFF" and data[8:12] == b"WEBP" else None
