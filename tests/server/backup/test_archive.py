"""The file of a backup: cut off, damaged or made by somebody else, it is refused in plain words."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import tarfile
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from server.backup.archive import MANIFEST, SEAL, read_manifest
from server.backup.errors import BackupError, DamagedBackupError
from tests.server.backup.conftest import MakePlace, Place


@pytest.fixture
def backup(small: Place) -> Path:
    return small.back_up()


def test_it_is_a_plain_tar_that_says_what_is_in_it(backup: Path, small: Place) -> None:
    with tarfile.open(backup) as tar:
        names = tar.getnames()
        assert names[-2:] == [MANIFEST, SEAL]
        content = tar.extractfile(MANIFEST)
        assert content is not None
        written = json.load(content)
        for name, member in written["members"].items():
            file = tar.extractfile(name)
            assert file is not None
            data = file.read()
            assert (len(data), hashlib.sha256(data).hexdigest()) == tuple(member.values())
    assert set(names) == {*written["members"], MANIFEST, SEAL}
    assert {f"files/{name}" for name in small.contents()} < set(names)
    rows = {name: len(found) for name, found in small.rows().items() if name != "event"}
    assert written["tables"] == rows
    assert read_manifest(backup).tables == rows


def test_no_byte_can_change_unseen(backup: Path) -> None:
    whole = backup.read_bytes()
    with tarfile.open(backup) as tar:
        members = tar.getmembers()
    places = [place for member in members for place in _places(member)]
    assert len(places) > 2 * len(members)
    for place in places:
        backup.write_bytes(whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :])
        with pytest.raises(DamagedBackupError, match="is no whole backup"):
            read_manifest(backup)
    backup.write_bytes(whole)
    read_manifest(backup)


def _places(member: tarfile.TarInfo) -> list[int]:
    """A byte of its name, and the first, a middle and the last byte of what is in it."""
    start, size = member.offset_data, member.size
    return [member.offset, *({start, start + size // 2, start + size - 1} if size else ())]


def test_a_packed_one_neither(small: Place) -> None:
    packed = small.back_up("backup.tgz")
    whole = packed.read_bytes()
    content = gzip.decompress(whole)
    found = 0
    for place in range(20, len(whole), len(whole) // 25):
        changed = whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :]
        packed.write_bytes(changed)
        if _unpacked(changed) == content:  # a bit that says nothing
            continue
        found += 1
        with pytest.raises(DamagedBackupError):
            read_manifest(packed)
    assert found > 10


def _unpacked(packed: bytes) -> bytes | None:
    try:
        return gzip.decompress(packed)
    except (OSError, EOFError, zlib.error):
        return None


@pytest.mark.parametrize("name", ["backup.tar", "backup.tar.gz"])
def test_one_that_was_cut_off_is_refused(small: Place, make_place: MakePlace, name: str) -> None:
    target = small.back_up(name)
    whole, other = target.read_bytes(), make_place("sqlite")
    end = len(whole) if name.endswith("gz") else _end_of_manifest(target)
    for share in range(20):
        target.write_bytes(whole[: end * share // 20])
        with pytest.raises(DamagedBackupError, match="is no whole backup"):
            other.restore(target)
    assert other.contents() == {}


def _end_of_manifest(target: Path) -> int:
    with tarfile.open(target) as tar:
        return tar.getmembers()[-1].offset


def link(kind: bytes) -> Callable[[str], tarfile.TarInfo]:
    def make(name: str) -> tarfile.TarInfo:
        info = tarfile.TarInfo(name)
        info.type, info.linkname = kind, "/etc/passwd"
        return info

    return make


TRICKS: list[tuple[str, Callable[[str], tarfile.TarInfo]]] = [
    ("../outside", tarfile.TarInfo),
    ("/tmp/outside", tarfile.TarInfo),
    ("files/../outside", tarfile.TarInfo),
    ("files//outside", tarfile.TarInfo),
    ("files/.hidden", tarfile.TarInfo),
    ("files/a\\..\\b", tarfile.TarInfo),
    ("tables/../../outside.jsonl", tarfile.TarInfo),
    ("tables/run.jsonl\n", tarfile.TarInfo),
    ("files/link", link(tarfile.SYMTYPE)),
    ("files/link", link(tarfile.LNKTYPE)),
    ("files/device", link(tarfile.CHRTYPE)),
    ("files/pipe", link(tarfile.FIFOTYPE)),
    ("files", link(tarfile.DIRTYPE)),
]


@pytest.mark.parametrize(("name", "make"), TRICKS)
def test_a_member_that_no_backup_has_is_refused_before_anything_is_written(
    backup: Path, make_place: MakePlace, name: str, make: Callable[[str], tarfile.TarInfo]
) -> None:
    change(backup, before=[(make(name), b"")])
    other = make_place("sqlite")
    with pytest.raises(DamagedBackupError, match="which no backup has"):
        other.restore(backup)
    assert other.contents() == {}


def test_a_member_twice_or_beside_the_manifest(backup: Path, small: Place) -> None:
    whole = backup.read_bytes()
    info = tarfile.TarInfo(f"files/{small.locations()[0]}")
    change(backup, before=[(info, b"")])
    with pytest.raises(DamagedBackupError, match="which no backup has"):
        read_manifest(backup)
    backup.write_bytes(whole)
    change(backup, before=[(tarfile.TarInfo("files/stray"), b"")])
    with pytest.raises(DamagedBackupError, match="is not in its manifest"):
        read_manifest(backup)


def change(
    path: Path,
    *,
    before: list[tuple[tarfile.TarInfo, bytes]] | None = None,
    manifest: Callable[[dict[str, Any]], None] | None = None,
) -> None:
    """Write a backup again with members before its own, or with a changed and sealed manifest."""
    with tarfile.open(path) as tar:
        own = {info.name: tar.extractfile(info).read() for info in tar}  # type: ignore[union-attr]
    if manifest is not None:
        document = json.loads(own[MANIFEST])
        manifest(document)
        own[MANIFEST] = json.dumps(document).encode()
        own[SEAL] = hashlib.sha256(own[MANIFEST]).hexdigest().encode()
    with tarfile.open(path, "w") as tar:
        for info, content in before or []:
            tar.addfile(info, io.BytesIO(content))
        for name, content in own.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            tar.addfile(info, io.BytesIO(content))


def test_a_later_format_says_which_version_reads_it(backup: Path) -> None:
    change(backup, manifest=lambda document: document.update(format=2, product="9.1.0"))
    with pytest.raises(BackupError, match=r"realspike 9\.1\.0.*use that version"):
        read_manifest(backup)


def test_a_later_schema_says_which_version_restores_it(backup: Path, make_place: MakePlace) -> None:
    change(backup, manifest=lambda document: document.update(schema="9999", product="9.1.0"))
    with pytest.raises(BackupError, match=r"schema 9999.*realspike 9\.1\.0 or later"):
        make_place("sqlite").restore(backup)


def test_rows_that_are_not_as_many_as_promised(backup: Path, make_place: MakePlace) -> None:
    change(backup, manifest=lambda document: document["tables"].update(run=8))
    other = make_place("sqlite")
    with pytest.raises(DamagedBackupError, match="7 rows instead of 8"):
        other.restore(backup)
    assert other.contents() == {}


@pytest.mark.parametrize("content", [b"", b"text", bytes(10240), gzip.compress(b"text")])
def test_what_is_no_backup_at_all(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "some.tar"
    path.write_bytes(content)
    with pytest.raises(DamagedBackupError, match="is no whole backup"):
        read_manifest(path)


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(BackupError, match="No such file"):
        read_manifest(tmp_path / "none.tar")
