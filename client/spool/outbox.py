"""The outbox of one run: what waits for the service, in order, and what it refused."""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO

from client.errors import InputError, SpoolError
from client.spool.disk import explained, make_folder, sync_folder, write_whole
from client.spool.entries import Entry, FileEntry, MetricsEntry, from_document, to_document
from client.spool.journal import Journal, Place
from client.spool.locks import locked_if_free
from client.wire import Json

CHUNK = 1 << 20


@dataclass(frozen=True, slots=True)
class Item:
    """An entry that waits, and the place in the journal after it; None where it is damaged."""

    after: Place
    entry: Entry | None


@dataclass(frozen=True, slots=True)
class Waiting:
    """How much waits in an outbox."""

    entries: int
    points: int
    files: int
    bytes: int
    oldest: str | None


@dataclass(frozen=True, slots=True)
class Refused:
    """An entry that the service refused for good, and why."""

    path: Path
    entry: Entry
    problem: str
    at: str


class Outbox:
    """What scripts recorded to one run of one service; any number of processes may share it."""

    def __init__(self, folder: Path, *, url: str, run_id: str) -> None:
        self.folder = folder
        self.url = url
        self.run_id = run_id
        self._files = folder / "files"
        self._refused = folder / "refused"
        with self._explained("make the outbox"):
            self._make()
        self._journal = Journal(folder)

    def _make(self) -> None:
        for place in (self.folder, self._files, self._refused):
            make_folder(place)

    def add(self, entry: Entry) -> Place:
        """Keep an entry until it is delivered; on the disk when this returns."""
        with self._explained("keep what was recorded"):
            try:
                return self._journal.append(to_document(entry))
            except FileNotFoundError:  # whoever delivered the rest removed the outbox
                self._make()
                return self._journal.append(to_document(entry))

    def add_metrics(self, step: int, epoch: int | None, values: dict[str, float]) -> Place:
        """Keep values until they are delivered; on the disk when this returns."""
        return self.add(MetricsEntry(_now(), step, epoch, values))

    def add_file(self, source: Path, name: str) -> Place:
        """Keep a file, as it is now, until it is delivered; on the disk when this returns."""
        try:
            taken = source.open("rb")
        except OSError as error:
            raise InputError(f"{source}: {error.strerror or error}") from error
        with taken, self._explained(f"keep {source.name}"):
            payload, kept = self._new_payload()
            with kept:
                try:
                    size, digest = _copy(taken, kept)
                    sync_folder(self._files)
                    entry = FileEntry(_now(), name, size, digest, payload)
                    return self.add(entry)
                except (OSError, SpoolError):
                    self.payload(payload).unlink(missing_ok=True)
                    raise

    def payload(self, name: str) -> Path:
        """Where the bytes of a file that waits are."""
        return self._files / name

    @contextmanager
    def delivering(self) -> Iterator[bool]:
        """True when this process alone may deliver for the block; False when another does."""
        with locked_if_free(self.folder / "deliver.lock") as mine:
            yield mine

    def items(self) -> Iterator[Item]:
        """What waits, in order; among it what a killed process or a power cut damaged."""
        for line in self._journal.read(self._journal.position()):
            known = line.document
            yield Item(line.after, None if known is None else from_document(known))

    def is_empty(self) -> bool:
        """True when nothing waits."""
        return self._journal.is_empty()

    def passed(self, place: Place) -> bool:
        """True when everything up to a place was delivered or refused."""
        return self.is_gone or self._journal.position() >= place

    @property
    def is_gone(self) -> bool:
        """True when the outbox was removed, with nothing in it."""
        return not self.folder.exists()

    def done_with(self, items: list[Item]) -> None:
        """Take entries off the outbox: they were delivered, or refused."""
        with self._explained("note what was delivered"):
            self._journal.advance(items[-1].after)
            for item in items:
                if isinstance(item.entry, FileEntry):
                    self.payload(item.entry.payload).unlink(missing_ok=True)

    def refuse(self, items: list[Item], problem: str) -> None:
        """Put entries aside with the reason, so that those behind them can be delivered."""
        with self._explained("put refused entries aside"):
            for item in items:
                if item.entry is not None:
                    self._put_aside(item.after, item.entry, problem)
        self.done_with(items)

    def _put_aside(self, after: Place, entry: Entry, problem: str) -> None:
        if isinstance(entry, FileEntry):
            with suppress(FileNotFoundError):
                self.payload(entry.payload).replace(self._refused / entry.payload)
        about = {"entry": to_document(entry), "problem": problem, "at": _now()}
        path = self._refused / f"{after.segment:08d}-{after.offset:010d}.json"
        write_whole(path, json.dumps(about, ensure_ascii=False))

    def refused(self) -> list[Refused]:
        """What was put aside, oldest first."""
        return [_read_refused(path) for path in sorted(self._refused.glob("*.json"))]

    def put_back(self) -> int:
        """Let everything that was put aside wait for the service again; how many entries."""
        refused = self.refused()
        with self._explained("put refused entries back"):
            for item in refused:
                if isinstance(item.entry, FileEntry):
                    with suppress(FileNotFoundError):
                        payload = item.entry.payload
                        (self._refused / payload).replace(self.payload(payload))
                        sync_folder(self._files)
                self._journal.append(to_document(item.entry))
                item.path.unlink()
        return len(refused)

    def clear(self) -> bool:
        """Delete what is left of an outbox in which nothing waits; True when that was damaged."""
        with self._explained("tidy up"), self._journal.held():
            if not self._journal.is_empty():
                return False
            damaged = self._journal.clear()
            for path in self._files.iterdir():
                # Held files belong to an entry that is about to come, others to none.
                with locked_if_free(path) as nobodys:
                    if nobodys:
                        path.unlink()
            return damaged

    def remove(self) -> None:
        """Remove an outbox in which nothing is; whoever adds something makes it anew."""
        with self._explained("tidy up"):
            with self._journal.held():
                kept = [*self._files.iterdir(), *self._refused.iterdir()]
                if kept or not self._journal.is_empty():
                    return
                gone = self.folder.with_name(f".{self.folder.name}.{secrets.token_hex(4)}")
                self.folder.rename(gone)
            shutil.rmtree(gone)

    def waiting(self) -> Waiting:
        """How much waits."""
        entries = [item.entry for item in self.items() if item.entry is not None]
        files = [entry for entry in entries if isinstance(entry, FileEntry)]
        return Waiting(
            entries=len(entries),
            points=sum(len(each.values) for each in entries if isinstance(each, MetricsEntry)),
            files=len(files),
            bytes=sum(file.size for file in files),
            oldest=entries[0].at if entries else None,
        )

    def _new_payload(self) -> tuple[str, BinaryIO]:
        """A new file, held while it is open, so that nobody deletes it."""
        name = secrets.token_hex(16)
        self._make()
        with self._journal.held():
            kept = self.payload(name).open("xb")
            fcntl.flock(kept, fcntl.LOCK_EX)
        return name, kept

    def _explained(self, doing: str) -> AbstractContextManager[None]:
        return explained(doing, self.folder)


def _read_refused(path: Path) -> Refused:
    about: Json = json.loads(path.read_text(encoding="utf-8"))
    return Refused(path, from_document(about["entry"]), about["problem"], about["at"])


def _copy(source: BinaryIO, sink: BinaryIO) -> tuple[int, str]:
    digest, size = hashlib.sha256(), 0
    while chunk := source.read(CHUNK):
        digest.update(chunk)
        size += len(chunk)
        sink.write(chunk)
    sink.flush()
    os.fsync(sink.fileno())
    return size, digest.hexdigest()


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds")
