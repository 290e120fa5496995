from __future__ import annotations

import io
import tarfile
from pathlib import Path

import pytest

from rscore.data.originals import tar_members, unpack_flat
from rscore.errors import DatasetCorruptError


def write_tar(path: Path, members: dict[str, bytes], *, link: str | None = None) -> Path:
    with tarfile.open(path, "w:gz") as archive:
        for name, content in members.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
        if link:
            member = tarfile.TarInfo(link)
            member.type, member.linkname = tarfile.SYMTYPE, "/etc/passwd"
            archive.addfile(member)
    return path


def test_members_are_found_by_name(tmp_path: Path) -> None:
    path = write_tar(tmp_path / "a.tar.gz", {"deep/in/a": b"1", "b": b"2", "c": b"3"})
    assert tar_members(path, {"a", "b"}) == {"a": b"1", "b": b"2"}


def test_a_link_is_no_member(tmp_path: Path) -> None:
    path = write_tar(tmp_path / "a.tar.gz", {}, link="a")
    with pytest.raises(DatasetCorruptError, match=r"a\.tar\.gz lacks a"):
        tar_members(path, {"a"})


@pytest.mark.parametrize("damage", ["cut", "text"])
def test_a_broken_archive_is_named(tmp_path: Path, damage: str) -> None:
    path = write_tar(tmp_path / "a.tar.gz", {"a": bytes(100_000)})
    path.write_bytes(b"a login page" if damage == "text" else path.read_bytes()[:90])
    for read in (lambda: tar_members(path, {"a"}), lambda: unpack_flat(path, tmp_path / "x", bool)):
        with pytest.raises(DatasetCorruptError, match=r"a\.tar\.gz is not a whole archive"):
            read()
    assert [file.name for file in tmp_path.iterdir()] == ["a.tar.gz"]


def test_unpacking_writes_nothing_outside_its_folder(tmp_path: Path) -> None:
    members = {
        "../../evil.csv": b"1",
        "/tmp/absolute.csv": b"2",
        "data/good.csv": b"3",
        "data/other.txt": b"4",
    }
    home = tmp_path / "home" / "data"
    home.mkdir(parents=True)
    path = write_tar(home / "a.tar.gz", members, link="link.csv")
    unpack_flat(path, home / "unpacked", lambda name: name.endswith(".csv"))
    found = {file.name: file.read_bytes() for file in (home / "unpacked").iterdir()}
    assert found == {"evil.csv": b"1", "absolute.csv": b"2", "good.csv": b"3"}
    assert sorted(file.name for file in tmp_path.rglob("*") if file.is_file()) == [
        "a.tar.gz",
        "absolute.csv",
        "evil.csv",
        "good.csv",
    ]
