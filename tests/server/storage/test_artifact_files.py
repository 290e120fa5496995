"""The file store: whole files or none, in a folder and behind fsspec."""

from __future__ import annotations

import errno
import hashlib
import os
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import fsspec
import pytest

from server.errors import NotFoundError, StorageError, StorageUnavailableError
from server.storage.artifacts import ArtifactFiles


@pytest.fixture(params=["folder", "url", "object store"])
def files(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[ArtifactFiles]:
    if request.param != "object store":
        root = tmp_path / "artifacts"
        yield ArtifactFiles(str(root) if request.param == "folder" else f"file://{root}")
        return
    yield ArtifactFiles("memory://bucket/prefix")
    fsspec.filesystem("memory").store.clear()


@pytest.fixture
def local(tmp_path: Path) -> Path:
    path = tmp_path / "local.bin"
    path.write_bytes(os.urandom(3_000_000))
    return path


class TestFiles:
    def test_round_trip(self, files: ArtifactFiles, local: Path) -> None:
        stored = files.put(local, "run_1/1/weights.safetensors")
        data = local.read_bytes()
        assert stored.location == "run_1/1/weights.safetensors"
        assert (stored.size, stored.sha256) == (len(data), hashlib.sha256(data).hexdigest())
        assert files.exists(stored.location)
        assert files.size(stored.location) == len(data)
        with files.open(stored.location) as opened:
            assert opened.read() == data
            opened.seek(1_000_000)
            assert opened.read(10) == data[1_000_000:1_000_010]

    def test_put_replaces(self, files: ArtifactFiles, local: Path) -> None:
        files.put(local, "key")
        local.write_bytes(b"new")
        assert files.put(local, "key").size == 3
        with files.open("key") as opened:
            assert opened.read() == b"new"

    def test_an_empty_file(self, files: ArtifactFiles, local: Path) -> None:
        local.write_bytes(b"")
        assert files.put(local, "key").sha256 == hashlib.sha256(b"").hexdigest()
        assert files.size("key") == 0

    def test_delete_twice_is_fine(self, files: ArtifactFiles, local: Path) -> None:
        files.put(local, "key")
        files.delete("key")
        files.delete("key")
        assert not files.exists("key")

    def test_a_file_that_is_gone(self, files: ArtifactFiles) -> None:
        for look in (files.open, files.size):
            with pytest.raises(NotFoundError, match="a/b"):
                look("a/b")

    @pytest.mark.parametrize(
        "key", ["", "/etc/passwd", "../up", "a/../b", "a//b", ".hidden", "a/", "a\\b", "a b", "a\n"]
    )
    def test_only_our_own_keys(self, files: ArtifactFiles, local: Path, key: str) -> None:
        with pytest.raises(StorageError, match="not a key"):
            files.put(local, key)
        with pytest.raises(StorageError, match="not a key"):
            files.open(key)

    def test_what_forbids_an_upload_keeps_it_out(self, files: ArtifactFiles, local: Path) -> None:
        def forbid() -> None:
            raise StorageError("it is not yours")

        with pytest.raises(StorageError, match="not yours"):
            files.put(local, "run/file", allow=forbid)

        assert files.find("run") == []

    def test_everything_below_a_folder_is_found(self, files: ArtifactFiles, local: Path) -> None:
        assert files.find("run_1") == []
        for key in ("run_1/b", "run_1/a/c", "run_10/d", "e"):
            files.put(local, key)

        assert {"run_1", "run_10"} <= set(files.folders())
        found = files.find("run_1")
        assert [file.location for file in found] == ["run_1/a/c", "run_1/b"]
        age = datetime.now(UTC) - found[0].modified
        assert abs(age) < timedelta(hours=1)

    def test_several_checks_at_once_do_not_meet(self, files: ArtifactFiles) -> None:
        with ThreadPoolExecutor(8) as pool:
            list(pool.map(lambda _: files.check(), range(64)))

    def test_check_leaves_nothing_behind(self, files: ArtifactFiles) -> None:
        files.check()
        assert files._files.find(files._root) == []


class TestFolder:
    def test_a_failed_put_keeps_the_old_file_and_leaves_no_part(
        self, tmp_path: Path, local: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        files = ArtifactFiles(str(tmp_path / "artifacts"))
        local.write_bytes(b"old")
        files.put(local, "folder/key")

        def full(_: int) -> None:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

        local.write_bytes(b"new")
        monkeypatch.setattr(os, "fsync", full)
        with pytest.raises(StorageUnavailableError, match="disk is full"):
            files.put(local, "folder/key")
        assert [path.name for path in (tmp_path / "artifacts/folder").iterdir()] == ["key"]
        with files.open("folder/key") as opened:
            assert opened.read() == b"old"

    def test_a_place_that_cannot_be_written_says_what_to_do(
        self, tmp_path: Path, local: Path
    ) -> None:
        (tmp_path / "file").touch()
        files = ArtifactFiles(str(tmp_path / "file" / "artifacts"))
        for action in (files.check, lambda: files.put(local, "key")):
            with pytest.raises(StorageUnavailableError, match="REALSPIKE_ARTIFACTS_URL"):
                action()

    @pytest.mark.parametrize("number", [errno.EACCES, errno.EROFS])
    def test_permissions(
        self, tmp_path: Path, local: Path, monkeypatch: pytest.MonkeyPatch, number: int
    ) -> None:
        def refuse(*_: object, **__: object) -> None:
            raise OSError(number, os.strerror(number))

        files = ArtifactFiles(str(tmp_path / "artifacts"))
        monkeypatch.setattr(Path, "replace", refuse)
        with pytest.raises(StorageUnavailableError, match="not permitted"):
            files.put(local, "key")


class TestUrls:
    def test_an_unknown_scheme(self) -> None:
        with pytest.raises(StorageError, match="REALSPIKE_ARTIFACTS_URL"):
            ArtifactFiles("nonsense://bucket")

    def test_s3_without_its_package_says_what_to_install(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setitem(sys.modules, "s3fs", None)
        with pytest.raises(StorageError, match=r"pip install 'realspike\[s3\]'"):
            ArtifactFiles("s3://bucket/prefix")
