from __future__ import annotations

import errno
import os
from pathlib import Path
from typing import IO

import pytest

from client.errors import InputError, SpoolError
from client.spool import outbox as module
from client.spool.entries import FileEntry, MetricsEntry, from_document
from client.spool.outbox import Item, Outbox
from client.spool.spool import Spool, default_folder

URL = "http://service.test:8700"


@pytest.fixture
def spool(tmp_path: Path) -> Spool:
    return Spool(tmp_path / "spool")


@pytest.fixture
def outbox(spool: Spool) -> Outbox:
    return spool.outbox(URL, "run_1")


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    path = tmp_path / "picture.png"
    path.write_bytes(b"a picture")
    return path


def items(outbox: Outbox) -> list[Item]:
    return list(outbox.items())


def test_metrics_and_files_wait_in_order(outbox: Outbox, picture: Path) -> None:
    outbox.add_metrics(1, None, {"loss": 0.5})
    outbox.add_file(picture, "curve.png")
    outbox.add_metrics(2, 1, {"loss": 0.25, "acc": 0.9})

    first, file, second = (item.entry for item in items(outbox))
    assert isinstance(first, MetricsEntry)
    assert (first.step, first.epoch, first.values) == (1, None, {"loss": 0.5})
    assert isinstance(file, FileEntry)
    assert (file.name, file.size) == ("curve.png", 9)
    assert isinstance(second, MetricsEntry)
    waiting = outbox.waiting()
    assert (waiting.entries, waiting.points, waiting.files, waiting.bytes) == (3, 3, 1, 9)
    assert waiting.oldest == first.at


def test_a_file_is_kept_as_it_was(outbox: Outbox, picture: Path) -> None:
    outbox.add_file(picture, "curve.png")
    picture.write_bytes(b"something else")
    picture.unlink()

    (item,) = items(outbox)
    assert isinstance(item.entry, FileEntry)
    assert outbox.payload(item.entry.payload).read_bytes() == b"a picture"


def test_what_is_done_with_is_gone_with_its_bytes(outbox: Outbox, picture: Path) -> None:
    outbox.add_file(picture, "curve.png")
    place = outbox.add_metrics(1, None, {"loss": 0.5})
    outbox.done_with(items(outbox)[:1])

    assert [type(item.entry) for item in items(outbox)] == [MetricsEntry]
    assert list((outbox.folder / "files").iterdir()) == []
    assert not outbox.passed(place)
    outbox.done_with(items(outbox))
    assert outbox.passed(place)


def test_what_was_refused_is_kept_with_the_reason_and_can_be_put_back(
    outbox: Outbox, picture: Path
) -> None:
    outbox.add_file(picture, "curve.png")
    outbox.add_metrics(1, None, {"loss": 0.5})
    outbox.refuse(items(outbox), "there is no run 'run_1'\nlook again")

    assert outbox.is_empty()
    assert [each.problem for each in outbox.refused()] == [
        "there is no run 'run_1'\nlook again"
    ] * 2
    assert outbox.put_back() == 2
    assert outbox.refused() == []
    file, metrics = (item.entry for item in items(outbox))
    assert isinstance(file, FileEntry)
    assert isinstance(metrics, MetricsEntry)
    assert outbox.payload(file.payload).read_bytes() == b"a picture"


def test_only_one_delivers_at_a_time(spool: Spool, outbox: Outbox) -> None:
    other = spool.outbox(URL, "run_1")
    with outbox.delivering() as mine, other.delivering() as theirs:
        assert (mine, theirs) == (True, False)
    with other.delivering() as theirs:
        assert theirs


def test_clearing_leaves_what_waits_alone(outbox: Outbox, picture: Path) -> None:
    outbox.add_file(picture, "curve.png")
    assert not outbox.clear()

    (item,) = items(outbox)
    assert isinstance(item.entry, FileEntry)
    assert outbox.payload(item.entry.payload).exists()


def test_bytes_of_a_process_that_died_before_its_entry_was_kept_are_cleared(
    outbox: Outbox, picture: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    left = outbox.folder / "files" / ("0" * 32)
    left.write_bytes(b"half")

    def clear_meanwhile(source: IO[bytes], sink: IO[bytes]) -> tuple[int, str]:
        outbox.clear()
        assert not left.exists()
        return measured(source, sink)

    measured = module._copy
    monkeypatch.setattr(module, "_copy", clear_meanwhile)
    outbox.add_file(picture, "curve.png")

    (item,) = items(outbox)
    assert isinstance(item.entry, FileEntry)
    assert outbox.payload(item.entry.payload).read_bytes() == b"a picture"


def test_a_file_that_is_not_there_is_the_callers_mistake(outbox: Outbox, tmp_path: Path) -> None:
    for path in (tmp_path / "none.png", tmp_path):
        with pytest.raises(InputError, match=str(path)):
            outbox.add_file(path, "x")
    assert outbox.is_empty()


def test_a_full_disk_says_what_to_do_and_keeps_what_was_there(
    outbox: Outbox, picture: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    outbox.add_metrics(1, None, {"loss": 0.5})

    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        for add in (
            lambda: outbox.add_metrics(2, None, {"loss": 0.4}),
            lambda: outbox.add_file(picture, "curve.png"),
        ):
            with pytest.raises(SpoolError, match=r"disk is full.*REALSPIKE_SPOOL_DIR"):
                add()
    assert len(items(outbox)) == 1
    assert list((outbox.folder / "files").iterdir()) == []


def test_a_folder_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(SpoolError, match="REALSPIKE_SPOOL_DIR"):
        Spool(tmp_path / "file" / "spool").outbox(URL, "run_1")


def test_each_service_and_run_has_its_own_outbox(spool: Spool) -> None:
    for url, run in ((URL, "run_1"), (URL, "run_2"), (f"{URL}/", "run_2"), ("http://b", "run_1")):
        spool.outbox(url, run).add_metrics(1, None, {"loss": 0.5})

    found = {(each.url, each.run_id): len(items(each)) for each in spool.outboxes()}
    assert found == {(URL, "run_1"): 1, (URL, "run_2"): 2, ("http://b", "run_1"): 1}
    assert [each.run_id for each in spool.outboxes("http://b/")] == ["run_1"]


@pytest.mark.parametrize("run_id", ["", "run_", "01k", "run_a/b", "../run_1", "study_1"])
def test_an_id_that_is_not_a_whole_one(spool: Spool, run_id: str) -> None:
    with pytest.raises(InputError, match="not the whole id of a run"):
        spool.outbox(URL, run_id)


def test_where_the_spool_is(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    assert default_folder() == tmp_path / ".cache" / "realspike" / "spool"
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    assert default_folder() == tmp_path / "cache" / "realspike" / "spool"
    monkeypatch.setenv("REALSPIKE_SPOOL_DIR", str(tmp_path / "mine"))
    assert Spool().folder == tmp_path / "mine"


def test_an_entry_of_a_newer_version_is_not_dropped() -> None:
    with pytest.raises(SpoolError, match="newer"):
        from_document({"kind": "video", "at": "now"})


def test_an_empty_outbox_can_be_removed_and_is_made_anew(
    spool: Spool, outbox: Outbox, picture: Path
) -> None:
    outbox.add_metrics(1, None, {"loss": 0.5})
    outbox.remove()
    assert not outbox.is_gone
    outbox.refuse(items(outbox), "no")
    outbox.remove()
    assert not outbox.is_gone
    outbox.refused()[0].path.unlink()
    outbox.remove()
    assert (outbox.is_gone, list(spool.outboxes())) == (True, [])
    assert (outbox.is_empty(), outbox.waiting().entries) == (True, 0)

    outbox.add_metrics(2, None, {"loss": 0.25})
    outbox.done_with(items(outbox))
    outbox.remove()
    outbox.add_file(picture, "curve.png")
    assert [each.waiting().files for each in spool.outboxes()] == [1]
