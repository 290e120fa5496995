"""Whether the service can do its work: each dependency asked, none of them waited for long."""

from __future__ import annotations

from concurrent.futures import Future

from sqlalchemy.orm import Session

from server.api.schemas import Readiness
from server.errors import ServerError, StorageUnavailableError
from server.probes import Probe, answers_soon
from server.queue import RunQueue
from server.settings import Settings
from server.storage import figures, heartbeats
from server.storage.artifact_files import ArtifactFiles
from server.storage.clock import now
from server.storage.database import Database, schema_is_current

LIMIT_SECONDS = 3.0
"""A dependency that did not answer by then counts as away."""
LATE = "it did not answer within {limit:g} s; check that it runs and that {setting} is right"

_SETTINGS = {
    "database": "REALSPIKE_DATABASE_URL",
    "schema": "REALSPIKE_DATABASE_URL",
    "artifacts": "REALSPIKE_ARTIFACTS_URL",
    "broker": "REALSPIKE_BROKER_URL",
}


class ReadinessChecks:
    """The checks behind /ready, each in a thread of its own while it runs."""

    def __init__(
        self, settings: Settings, db: Database, files: ArtifactFiles, queue: RunQueue
    ) -> None:
        self._settings = settings
        self._db = db
        self._checks: dict[str, Probe[None]] = {
            "database": Probe(lambda: db.check()),
            "schema": Probe(self._check_schema),
            "artifacts": Probe(lambda: files.check()),
            "broker": Probe(lambda: queue.check()),
        }
        self._warnings = Probe(self._look_around)

    async def readiness(self) -> Readiness:
        """How every check came out, within a few seconds whatever hangs."""
        answers = await answers_soon({**self._checks, "warnings": self._warnings}, LIMIT_SECONDS)
        warnings = answers.pop("warnings")
        checks = {name: _outcome(name, answer) for name, answer in answers.items()}
        return Readiness(
            ready=all(outcome == "ok" for outcome in checks.values()),
            checks=checks,
            warnings=warnings.result() if warnings is not None else [],
        )

    def _check_schema(self) -> None:
        if not schema_is_current(self._db):
            raise StorageUnavailableError("run python -m server.storage.migrations")

    def _look_around(self) -> list[str]:
        """What keeps nobody from using the service, but runs from being trained."""
        try:
            with self._db.read() as session:
                checks = (self._workers, self._scheduler, self._queue)
                said = [answer for check in checks if (answer := check(session))]
                return said + self._quarantined(session)
        except ServerError:
            return []  # the check of the database says why

    def _workers(self, session: Session) -> str | None:
        known = figures.recent_workers(session, now(session), self._settings.lease_seconds)
        statuses = [status for _, status in known]
        if "alive" in statuses:
            return None
        if "quarantined" in statuses:
            return (
                "EVERY worker is quarantined, so no run begins: see below why, and release one "
                "or start another"
            )
        return "no worker is alive, so runs wait; start one with: python -m worker"

    def _quarantined(self, session: Session) -> list[str]:
        known = figures.recent_workers(session, now(session), self._settings.lease_seconds)
        return [
            f"worker {worker.id} on {worker.host} is quarantined: {worker.quarantine_reason}"
            for worker, status in known
            if status == "quarantined"
        ]

    def _scheduler(self, session: Session) -> str | None:
        beat = heartbeats.last_beat(session, heartbeats.SCHEDULER)
        silence = heartbeats.silence(beat, now(session))
        if silence <= heartbeats.lost_after(self._settings.scheduler_seconds):
            return None
        seen = "has ever run here" if beat is None else f"was seen for {silence:.0f} s"
        return (
            f"no scheduler {seen}, so runs of lost workers stay theirs; start one with: "
            "python -m worker.scheduler"
        )

    def _queue(self, session: Session) -> str | None:
        waiting = figures.queue(session, now(session))
        seconds = figures.stalled_seconds(session, waiting, lost_after=self._settings.lease_seconds)
        if seconds <= figures.stalled_after(self._settings.wake_again_seconds):
            return None
        return (
            f"{waiting.waiting} runs wait although a worker has been free for {seconds:.0f} s; "
            "realspike doctor says more"
        )


def _outcome(name: str, answer: Future[None] | None) -> str:
    if answer is None:
        return LATE.format(limit=LIMIT_SECONDS, setting=_SETTINGS[name])
    try:
        answer.result()
    except ServerError as error:
        return str(error)
    return "ok"
