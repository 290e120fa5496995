from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from client.spool import journal as module
from client.spool.journal import Journal, Line, Place
from tests.support.waiting import wait_until

APPENDER = """
import sys
from pathlib import Path
from client.spool.journal import Journal
journal = Journal(Path(sys.argv[1]))
for number in range(int(sys.argv[3])):
    journal.append({"by": sys.argv[2], "number": number, "text": "x" * 200})
"""

START = Place(1, 0)


def documents(journal: Journal, start: Place = START) -> list[Any]:
    return [line.document for line in journal.read(start)]


def segments(folder: Path) -> list[Path]:
    return sorted(folder.glob("*.journal"))


@pytest.fixture
def journal(tmp_path: Path) -> Journal:
    return Journal(tmp_path)


def test_documents_come_back_in_order(journal: Journal) -> None:
    given: list[Any] = [{"n": 1.0000000000000002}, {"text": "zwei\n\u2028 図"}, {}]
    for document in given:
        journal.append(document)

    assert documents(journal) == given


def test_reading_goes_on_after_a_place(journal: Journal) -> None:
    places = [journal.append({"n": number}) for number in range(3)]

    assert places == sorted(places)
    assert documents(journal, places[0]) == [{"n": 1}, {"n": 2}]
    assert documents(journal, places[2]) == []


def test_the_position_outlives_the_process(tmp_path: Path, journal: Journal) -> None:
    place = journal.append({"n": 0})
    assert journal.position() == Place(1, 0)
    journal.advance(place)

    assert Journal(tmp_path).position() == place
    assert Journal(tmp_path).is_empty()


def test_a_damaged_position_delivers_again_rather_than_never(
    tmp_path: Path, journal: Journal
) -> None:
    journal.advance(journal.append({"n": 0}))
    (tmp_path / "position.json").write_text("{")

    assert documents(journal, journal.position()) == [{"n": 0}]


def test_long_journals_have_segments_that_go_when_they_are_done_with(
    tmp_path: Path, journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "SEGMENT_BYTES", 50)
    places = [journal.append({"number": number}) for number in range(9)]
    assert len(segments(tmp_path)) > 2
    assert documents(journal) == [{"number": number} for number in range(9)]

    journal.advance(places[5])
    assert documents(journal, journal.position()) == [{"number": number} for number in (6, 7, 8)]
    assert int(segments(tmp_path)[0].stem) == places[5].segment


def test_an_empty_journal_is_cleared_and_goes_on(tmp_path: Path, journal: Journal) -> None:
    first = journal.append({"n": 0})
    journal.advance(first)
    with journal.held():
        assert not journal.clear()
        assert not journal.clear()
    assert segments(tmp_path) == []

    second = journal.append({"n": 1})
    assert second > first
    assert documents(journal, journal.position()) == [{"n": 1}]


@pytest.mark.parametrize("newline", [False, True])
def test_a_line_that_was_cut_off_anywhere_is_passed_over(tmp_path: Path, newline: bool) -> None:
    """What a power cut left is any part of the last line; the next document ends that line."""
    journal = Journal(tmp_path)
    before = journal.append({"n": 0})
    whole = segments(tmp_path)[0]
    journal.append({"last": "é"})
    content = whole.read_bytes()
    for cut in range(before.offset, len(content) - 1):
        whole.write_bytes(content[:cut] + b"\n" * newline)
        read = [document for document in documents(journal) if document is not None]
        assert read == [{"n": 0}]
        journal.append({"next": 1})
        assert [each for each in documents(journal) if each is not None] == [{"n": 0}, {"next": 1}]


def test_only_the_newline_missing_is_a_whole_document(tmp_path: Path, journal: Journal) -> None:
    journal.append({"n": 0})
    path = segments(tmp_path)[0]
    path.write_bytes(path.read_bytes()[:-1])
    assert documents(journal) == []

    journal.append({"n": 1})
    assert documents(journal) == [{"n": 0}, {"n": 1}]


def test_a_damaged_byte_costs_its_own_document_alone(tmp_path: Path, journal: Journal) -> None:
    journal.append({"n": 0})
    middle = journal.append({"n": 1})
    journal.append({"n": 2})
    path = segments(tmp_path)[0]
    content = bytearray(path.read_bytes())
    content[middle.offset - 3] ^= 1
    path.write_bytes(content)

    assert documents(journal) == [{"n": 0}, None, {"n": 2}]


def test_a_cut_off_line_before_a_later_segment_is_passed_over(
    tmp_path: Path, journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    journal.append({"n": 0})
    with segments(tmp_path)[0].open("ab") as out:
        out.write(b"0123")
    monkeypatch.setattr(module, "SEGMENT_BYTES", 1)
    place = journal.append({"n": 1})

    assert place.segment == 2
    assert documents(journal) == [{"n": 0}, None, {"n": 1}]


def test_a_cut_off_line_at_the_end_goes_when_the_rest_is_done_with(
    tmp_path: Path, journal: Journal
) -> None:
    journal.advance(journal.append({"n": 0}))
    with segments(tmp_path)[0].open("ab") as out:
        out.write(b"0123")
    assert journal.is_empty()

    with journal.held():
        assert journal.clear()
    assert segments(tmp_path) == []


def test_a_full_disk_leaves_nothing_half(
    tmp_path: Path, journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    journal.append({"n": 0})
    size = segments(tmp_path)[0].stat().st_size

    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        with pytest.raises(OSError, match="No space"):
            journal.append({"n": 1})
    assert segments(tmp_path)[0].stat().st_size == size
    journal.append({"n": 2})
    assert documents(journal) == [{"n": 0}, {"n": 2}]


def test_processes_that_append_at_once_and_are_killed_keep_all_lines_whole(
    tmp_path: Path, journal: Journal
) -> None:
    writers = [
        subprocess.Popen([sys.executable, "-c", APPENDER, str(tmp_path), name, count])
        for name, count in (("a", "150"), ("b", "150"), ("killed", "1000000"))
    ]
    try:
        for writer in writers[:2]:
            assert writer.wait(60) == 0
        wait_until(lambda: {"killed"} & _authors(journal), "the third wrote")
    finally:
        writers[2].send_signal(signal.SIGKILL)
        writers[2].wait()
    journal.append({"by": "after"})

    lines: list[Line] = list(journal.read(START))
    assert sum(line.document is None for line in lines) <= 1
    known = [line.document for line in lines if line.document is not None]
    for name in ("a", "b", "killed"):
        numbers = [each["number"] for each in known if each["by"] == name]
        assert numbers == list(range(len(numbers)))
    assert [each["by"] for each in known].count("a") == 150
    assert known[-1] == {"by": "after"}


def _authors(journal: Journal) -> set[str]:
    return {line.document["by"] for line in journal.read(START) if line.document}
