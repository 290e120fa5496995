"""The work of a service: who is there to do it, and which of it stands still."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import timedelta
from importlib.metadata import version

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from server.findings import Finding, ok, problem, warning
from server.settings import Settings
from server.storage import figures, heartbeats
from server.storage.artifact_files import ArtifactFiles
from server.storage.clock import now
from server.storage.database import Database
from server.storage.figures import stalled_after
from server.storage.models import Artifact, Attempt, Run, Worker
from server.storage.states import AttemptOutcome, RunStatus

SHOWN = 5
"""Most things of one kind that are named."""
OVERDUE = timedelta(seconds=60)
"""A lease that ran out so long ago should have been noticed."""
SILENT_LONG = 1800.0
UNSWEPT = timedelta(days=1)
NEWEST_FILES = 25
FREE = (
    "have all processes the same REALSPIKE_BROKER_URL and REALSPIKE_QUEUE_PREFIX? "
    "Else start the worker anew, and keep its log for a report"
)


def workers(settings: Settings, db: Database) -> Iterator[Finding]:
    """Who trains: alive, lost, and of which version."""
    with db.read() as session:
        known = figures.recent_workers(session, now(session), settings.lease_seconds)
        waiting = figures.queue(session, now(session)).waiting
    alive = [worker for worker, status in known if status == "alive"]
    lost = [worker for worker, status in known if status == "lost"]
    quarantined = [worker for worker, status in known if status == "quarantined"]
    if alive:
        slots = sum(worker.slots for worker in alive)
        yield ok("workers", f"{len(alive)} alive with {slots} slots: {_names(alive)}")
    elif quarantined:
        yield problem(
            "workers",
            f"every one is quarantined, so no run begins; {waiting} wait",
            "see below why; put it right, then: realspike worker release ID",
        )
    else:
        kind = problem if waiting else warning
        yield kind(
            "workers",
            f"none is alive; {waiting} runs wait",
            "start one: realspike up, or python -m worker on any machine",
        )
    if lost:
        yield warning(
            "workers",
            f"{len(lost)} fell silent within a day: {_names(lost)}",
            "read their logs and their machines' memory; their runs went to others",
        )
    for worker in quarantined:
        since = f"{worker.quarantined_at:%Y-%m-%d %H:%M} UTC"
        yield warning(
            "workers",
            f"{worker.id} on {worker.host} is quarantined since {since}",
            worker.quarantine_reason or "",
        )
    yield from _strangers([*alive, *quarantined])


def _names(some: list[Worker]) -> str:
    named = ", ".join(f"{worker.id} on {worker.host}" for worker in some[:SHOWN])
    return named + (" and others" if len(some) > SHOWN else "")


def _strangers(alive: list[Worker]) -> Iterator[Finding]:
    own = version("realspike")
    others = [worker for worker in alive if worker.versions.get("realspike") != own]
    if others:
        yield warning(
            "workers",
            f"of another version than this installation's {own}: {_names(others)}",
            "install the same version everywhere, and start them again",
        )
    torches = sorted({str(worker.versions.get("torch")) for worker in alive})
    if len(torches) > 1:
        yield warning(
            "workers",
            f"they train with different versions of torch: {', '.join(torches)}",
            "a run that changes machines is bit-identical only with the same one",
        )


def scheduler(settings: Settings, db: Database) -> Iterator[Finding]:
    """Whether anybody brings lost runs back."""
    with db.read() as session:
        beat = heartbeats.last_beat(session, heartbeats.SCHEDULER)
        silence = heartbeats.silence(beat, now(session))
    start = "start one: realspike up, or python -m worker.scheduler"
    if beat is None:
        yield problem("scheduler", "none ever ran on this database", start)
    elif silence > heartbeats.lost_after(settings.scheduler_seconds):
        place = f"process {beat.pid} on {beat.host}"
        yield problem("scheduler", f"none for {silence:.0f} s; the last was {place}", start)
    else:
        own = version("realspike")
        says = f"alive: process {beat.pid} on {beat.host}, seen {silence:.0f} s ago"
        if beat.version == own:
            yield ok("scheduler", says)
        else:
            yield warning(
                "scheduler",
                f"{says}, of version {beat.version} and not {own}",
                "install the same version everywhere, and start it again",
            )


def running(db: Database) -> Iterator[Finding]:
    """Runs that a worker should be training."""
    with db.read() as session:
        moment = now(session)
        overdue = session.scalars(
            select(Run.id)
            .where(Run.status == RunStatus.RUNNING, Run.lease_expires_at < moment - OVERDUE)
            .order_by(Run.id)
        ).all()
        lags = figures.ingest_lags(session, moment)
    silent = [run_id for run_id, lag in lags if lag > SILENT_LONG and run_id not in overdue]
    if overdue:
        yield problem(
            "runs",
            f"{len(overdue)} lost their worker and were not queued again: {_ids(overdue)}",
            "see to the scheduler: it does so within a second",
        )
    if silent:
        yield warning(
            "runs",
            f"{len(silent)} run but stored no metric for half an hour: {_ids(silent)}",
            "look at one with: realspike run log ID; cancel it with: realspike run cancel ID",
        )
    if not overdue and not silent:
        yield ok("runs", f"{len(lags)} running, none stands still")


def waiting(settings: Settings, db: Database) -> Iterator[Finding]:
    """Runs that wait for a worker."""
    with db.read() as session:
        queue = figures.queue(session, now(session))
        stalled = figures.stalled_seconds(session, queue, lost_after=settings.lease_seconds)
        unfit = _without_data(session, settings.lease_seconds)
    says = f"{queue.waiting} runs wait"
    if queue.backing_off:
        says += f", {queue.backing_off} more for the end of their back-off"
    if queue.held:
        says += f", {queue.held} more because their study has enough running"
    if stalled > stalled_after(settings.wake_again_seconds):
        yield problem("queue", f"{says}, although a worker has been free for {stalled:.0f} s", FREE)
    else:
        yield ok("queue", says)
    for dataset in unfit:
        yield warning(
            "queue",
            f"runs wait that need {dataset}, and no worker alive has it",
            f"realspike data push {dataset} --from DIR",
        )


def _without_data(session: Session, lost_after: float) -> list[str]:
    """Data sets of waiting runs that no worker alive has; none while nobody is alive."""
    known = figures.recent_workers(session, now(session), lost_after)
    alive = [worker for worker, status in known if status == "alive"]
    if not alive:
        return []
    ready = {name for worker in alive for name, said in worker.datasets.items() if said == "ready"}
    queued = select(Run.spec["dataset"].as_string()).where(
        Run.status == RunStatus.QUEUED, Run.deleted_at.is_(None)
    )
    return sorted(set(session.scalars(queued.distinct())) - ready)


def _ids(run_ids: Sequence[str]) -> str:
    return ", ".join(run_ids[:SHOWN]) + (" and others" if len(run_ids) > SHOWN else "")


def files(settings: Settings, db: Database) -> Iterator[Finding]:
    """Whether the newest recorded files are there, and whether others may lie about."""
    with db.read() as session:
        newest = session.scalars(
            select(Artifact).order_by(Artifact.created_at.desc()).limit(NEWEST_FILES)
        ).all()
        unswept = session.scalar(
            select(func.count())
            .select_from(Attempt)
            .where(Attempt.outcome != AttemptOutcome.RUNNING, Attempt.swept_at.is_(None))
            .where(Attempt.finished_at < now(session) - UNSWEPT)
        )
    store = ArtifactFiles(settings.resolved_artifacts_url)
    gone = [item for item in newest if not store.exists(item.location)]
    if gone:
        places = ", ".join(item.location for item in gone[:SHOWN])
        yield problem(
            "files",
            f"{len(gone)} of the newest {len(newest)} files are not in the store: {places}",
            "is REALSPIKE_ARTIFACTS_URL that of all processes? Else bring back a backup",
        )
    else:
        yield ok("files", f"the newest {len(newest)} recorded files are in the store")
    if unswept:
        yield warning(
            "files",
            f"{unswept} attempts ended more than a day ago and were not looked over: files that "
            "nothing refers to may lie in the store",
            "workers look them over by themselves; read a worker's log if the number stays",
        )
