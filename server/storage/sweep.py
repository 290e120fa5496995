"""Sweeping: stored files that no row names are deleted, once nobody can record them any more.

An attempt that is killed between an upload and its record leaves such files, and so does one that
lost its run. A file that a row names is never touched, nor one of an attempt that still works, nor
one below a run that this database does not know: the store may be another service's too.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import Row, select, update
from sqlalchemy.orm import Session

from server.storage.artifact_files import ArtifactFiles, FoundFile
from server.storage.clock import now
from server.storage.database import Database
from server.storage.models import Artifact, Attempt, PurgedRun, Run
from server.storage.own_files import FOLDER as OWN
from server.storage.states import AttemptOutcome

AT_ONCE = 100
"""Attempts of one look, and locations of one question."""
UNFINISHED = timedelta(days=1)
"""Files of people's scripts that were stored and not recorded are given up after so long."""

_ATTEMPT = re.compile(r"attempt-(\d+)")
_RUN = re.compile(r"run_[0-9a-z]+")


@dataclass(slots=True)
class Swept:
    """What a look at the whole store found."""

    deleted: list[str] = field(default_factory=list)
    """Locations of the files that are gone."""
    unknown: list[str] = field(default_factory=list)
    """Folders of runs that this database does not know, left as they are."""


def attempt_folder(run_id: str, number: int) -> str:
    """Where an attempt stores its files, and nobody else does."""
    return f"{run_id}/attempt-{number}"


def sweep_ended(db: Database, files: ArtifactFiles, *, after: timedelta) -> list[str]:
    """Look over runs of which an attempt ended so long ago, once for each; what was deleted.

    The wait lets the last upload of an attempt that does not know yet that it lost its run end.
    Raises StorageUnavailableError; then the rest is for the next time.
    """
    with db.read() as session:
        query = (
            select(Attempt.run_id, Attempt.number)
            .where(Attempt.outcome != AttemptOutcome.RUNNING, Attempt.swept_at.is_(None))
            .where(Attempt.finished_at < now(session) - after)
            .order_by(Attempt.finished_at)
            .limit(AT_ONCE)
        )
        due = session.execute(query).all()
    deleted: list[str] = []
    for run_id in sorted({run_id for run_id, _ in due}):
        found = files.find(run_id)
        with db.read() as session:
            orphans = _orphans_of_run(session, run_id, found, after)
        deleted += _delete(files, orphans or [])
    if due:
        _note_swept(db, due)
    return deleted


def sweep_attempt(db: Database, files: ArtifactFiles, run_id: str, number: int) -> list[str]:
    """Delete what an attempt that has ended left unrecorded; nothing of one that still works."""
    found = files.find(attempt_folder(run_id, number))
    with db.read() as session:
        attempt = session.get(Attempt, (run_id, number))
        ended = attempt is not None and attempt.outcome != AttemptOutcome.RUNNING
        orphans = _unrecorded(session, found) if ended else []
    return _delete(files, orphans)


def bury(session: Session, run_id: str) -> None:
    """Note, in the transaction that purges a run, that its files are to go."""
    session.add(PurgedRun(id=run_id, purged_at=now(session)))


def sweep_purged(db: Database, files: ArtifactFiles, run_id: str) -> list[str]:
    """Delete all files of a purged run, except those to which another run's row refers."""
    found = files.find(run_id)
    with db.read() as session:
        purged = session.get(PurgedRun, run_id) is not None
        orphans = _unrecorded(session, found) if purged else []
    return _delete(files, orphans)


def sweep_everything(db: Database, files: ArtifactFiles, *, after: timedelta) -> Swept:
    """Look over the whole store: also for what came after an earlier look, or stayed of a purge."""
    swept = Swept()
    for run_id in files.folders():
        if not _RUN.fullmatch(run_id):
            continue
        found = files.find(run_id)
        with db.read() as session:
            orphans = _orphans_of_run(session, run_id, found, after)
        if orphans is None:
            swept.unknown.append(run_id)
        else:
            swept.deleted += _delete(files, orphans)
    _forget_purged(db, files)
    return swept


def _note_swept(db: Database, due: Sequence[Row[str, int]]) -> None:
    with db.write() as session:
        moment = now(session)
        for run_id, number in due:
            key = (Attempt.run_id == run_id) & (Attempt.number == number)
            session.execute(update(Attempt).where(key).values(swept_at=moment))


def _orphans_of_run(
    session: Session, run_id: str, found: Sequence[FoundFile], after: timedelta
) -> list[str] | None:
    """Files below a run's folder that can go; None for a run that is not known."""
    if session.get(PurgedRun, run_id) is not None:
        return _unrecorded(session, found)
    if session.get(Run, run_id) is None:
        return None
    moment = now(session)
    query = select(Attempt.number).where(
        Attempt.run_id == run_id,
        Attempt.outcome != AttemptOutcome.RUNNING,
        Attempt.finished_at < moment - after,
    )
    ended = set(session.scalars(query))
    over = [file for file in found if _is_over(file, ended, moment)]
    return _unrecorded(session, over)


def _is_over(file: FoundFile, ended: Collection[int], moment: datetime) -> bool:
    """True when whoever stored a file can no longer record it."""
    folder = file.location.split("/")[1]
    attempt = _ATTEMPT.fullmatch(folder)
    if attempt:
        return int(attempt[1]) in ended
    return folder == OWN and file.modified < moment - UNFINISHED


def _unrecorded(session: Session, found: Sequence[FoundFile]) -> list[str]:
    locations = [file.location for file in found]
    known: set[str] = set()
    for start in range(0, len(locations), AT_ONCE):
        some = locations[start : start + AT_ONCE]
        query = select(Artifact.location).where(Artifact.location.in_(some))
        known.update(session.scalars(query))
    return [location for location in locations if location not in known]


def _delete(files: ArtifactFiles, locations: list[str]) -> list[str]:
    for location in locations:
        files.delete(location)
    return locations


def _forget_purged(db: Database, files: ArtifactFiles) -> None:
    """Forget runs that were purged long ago and have no file left."""
    with db.read() as session:
        query = select(PurgedRun.id).where(PurgedRun.purged_at < now(session) - UNFINISHED)
        old = list(session.scalars(query))
    empty = [run_id for run_id in old if not files.find(run_id)]
    with db.write() as session:
        for run_id in empty:
            purged = session.get(PurgedRun, run_id)
            if purged is not None:
                session.delete(purged)
