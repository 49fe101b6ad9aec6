"""Which images are taken, in which forms, and what is said of the others."""

from __future__ import annotations

import base64
import os
from pathlib import Path

import pytest

from clerk_mcp.upstream.uploads import MAX_BYTES, Files, UploadError, read_image

IMAGES = {
    "jpeg": b"\xff\xd8\xff\xe0" + bytes(range(256)),
    "png": b"\x89PNG\r\n\x1a\n" + bytes(range(256)),
    "gif": b"GIF89a" + bytes(range(256)),
    "webp": b"RIFF\x24\x00\x00\x00WEBPVP8 " + bytes(range(256)),
    "x-icon": b"\x00\x00\x01\x00" + bytes(range(256)),
}
PNG = IMAGES["png"]


def encoded(content: bytes) -> str:
    return base64.b64encode(content).decode()


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    """A directory that is offered, beside one that is not."""
    for name in ("offered/logos", "private"):
        (tmp_path / name).mkdir(parents=True)
        (tmp_path / name / "a.png").write_bytes(PNG)
    return tmp_path / "offered"


@pytest.mark.parametrize("subtype", IMAGES)
def test_the_type_is_told_by_the_bytes(subtype: str) -> None:
    image = read_image(encoded(IMAGES[subtype]), icons=True)
    assert image.part == (f"image.{subtype}", IMAGES[subtype], f"image/{subtype}")


def test_a_declared_type_is_not_believed() -> None:
    assert read_image("data:image/gif;base64," + encoded(PNG)).subtype == "png"
    with pytest.raises(UploadError, match="jpeg, png, gif or webp"):
        read_image("data:image/png;base64," + encoded(b"<svg xmlns='http://www.w3.org/2000/svg'/>"))


def test_an_icon_is_taken_for_a_logo_only() -> None:
    with pytest.raises(UploadError, match="no image that Clerk takes: jpeg, png, gif or webp"):
        read_image(encoded(IMAGES["x-icon"]))


@pytest.mark.parametrize(
    "given",
    [
        encoded(PNG).rstrip("="),
        base64.encodebytes(PNG).decode(),
        base64.urlsafe_b64encode(PNG).decode(),
        f"  {encoded(PNG)}\n",
        "DATA:image/png;charset=x;BASE64," + encoded(PNG),
    ],
    ids=["unpadded", "wrapped", "url-safe", "blanks", "capitals"],
)
def test_base64_is_taken_in_the_forms_that_models_send(given: str) -> None:
    assert read_image(given).content == PNG


@pytest.mark.parametrize(
    "given", ["", "  ", "data:image/png;base64,", "not base64!", encoded(PNG)[:-1] + "é"]
)
def test_broken_base64_is_refused_with_what_would_do(given: str) -> None:
    with pytest.raises(UploadError, match="give it as base64, or a data URI") as refusal:
        read_image(given)
    assert refusal.value.code == "invalid_image"


def test_an_address_is_not_fetched() -> None:
    with pytest.raises(UploadError, match="An address is not fetched"):
        read_image("https://acme.dev/logo.png")


def test_ten_megabytes_are_taken_and_not_a_byte_more(directory: Path) -> None:
    just_right = PNG + bytes(MAX_BYTES - len(PNG))
    assert len(read_image(encoded(just_right)).content) == MAX_BYTES
    (directory / "big.png").write_bytes(just_right + b"\0")
    for given in (encoded(just_right + b"\0"), "big.png"):
        with pytest.raises(UploadError, match="10 MB") as refusal:
            read_image(given, Files(directory))
        assert refusal.value.code == "image_too_large"


@pytest.mark.parametrize("path", ["a.png", "./a.png", "logos/a.png", "logos//a.png"])
def test_a_file_below_the_offered_directory_is_read(directory: Path, path: str) -> None:
    (directory / "a.png").write_bytes(PNG)
    files = Files(directory)
    assert read_image(path, files).content == PNG
    assert read_image(str(directory / path), files).content == PNG


def test_base64_is_still_taken_where_files_are_offered(directory: Path) -> None:
    assert read_image(encoded(PNG), Files(directory)).content == PNG


@pytest.mark.parametrize("path", ["\ud800.png", "logo\udc80.png"])
def test_a_path_that_is_no_text_is_refused_without_being_quoted(directory: Path, path: str) -> None:
    with pytest.raises(UploadError, match="not valid Unicode"):
        read_image(path, Files(directory))


def test_no_file_is_read_where_none_are_offered(directory: Path) -> None:
    with pytest.raises(UploadError, match="base64 is broken"):
        read_image(str(directory / "logos" / "a.png"))


@pytest.mark.parametrize(
    "path",
    [
        "../private/a.png",
        "logos/../../private/a.png",
        "logos/../logos/a.png",
        "{outside}/private/a.png",
        "{outside}/offered/../private/a.png",
        "..",
        "/etc/hostname",
        "~/a.png",
        "file:///etc/hostname",
        "logos/a.png\0",
    ],
)
def test_no_path_leaves_the_offered_directory(directory: Path, path: str) -> None:
    with pytest.raises(UploadError) as refusal:
        read_image(path.replace("{outside}", str(directory.parent)), Files(directory))
    assert refusal.value.code == "file_unreadable"


def test_links_are_not_followed_wherever_they_lead(directory: Path) -> None:
    (directory / "file.png").symlink_to(directory.parent / "private" / "a.png")
    (directory / "folder").symlink_to(directory.parent / "private")
    (directory / "near.png").symlink_to(directory / "logos" / "a.png")
    for path in ("file.png", "folder/a.png", "near.png"):
        with pytest.raises(UploadError, match="links are not followed"):
            read_image(path, Files(directory))


def test_the_offered_directory_itself_may_be_a_link(directory: Path) -> None:
    link = directory.parent / "link"
    link.symlink_to(directory)
    files = Files(link)
    for root in (link, directory):
        assert read_image(f"{root}/logos/a.png", files).content == PNG


def test_what_is_no_readable_file_is_refused_and_nothing_hangs(directory: Path) -> None:
    os.mkfifo(directory / "pipe.png")
    files = Files(directory)
    for path, reason in (
        ("pipe.png", "is not a file"),
        ("logos", "is not a file"),
        ("b.png", "No such file"),
    ):
        with pytest.raises(UploadError, match=reason):
            read_image(path, files)


def test_a_file_is_judged_by_its_bytes_too(directory: Path) -> None:
    (directory / "a.png").write_text("not an image")
    with pytest.raises(UploadError, match="no image that Clerk takes"):
        read_image("a.png", Files(directory))


def test_only_a_directory_can_be_offered(directory: Path) -> None:
    with pytest.raises(ValueError, match="is not a directory"):
        Files(directory / "logos" / "a.png")
