"""What the routes work with: one of each, made when the process starts."""

from __future__ import annotations

from dataclasses import dataclass

from server.api.event_hub import EventHub
from server.api.monitor import Monitor
from server.api.readiness import ReadinessChecks
from server.api.shared_writes import SharedWrites
from server.queue import RunQueue
from server.serving.sessions import ModelSessions
from server.settings import Settings
from server.storage.artifact_files import ArtifactFiles
from server.storage.database import Database
from server.storage.overlays import Overlays
from server.storage.prepared_curves import PreparedCurves


@dataclass(frozen=True, slots=True)
class Services:
    """The stores and clients of one server process."""

    settings: Settings
    db: Database
    metrics: SharedWrites
    files: ArtifactFiles
    queue: RunQueue
    sessions: ModelSessions
    hub: EventHub
    checks: ReadinessChecks
    monitor: Monitor
    overlays: Overlays

    @classmethod
    def start(cls, settings: Settings) -> Services:
        """Services on these settings; raises ServerError when a store cannot be set up."""
        db = Database(settings.resolved_database_url)
        files = ArtifactFiles(settings.resolved_artifacts_url)
        queue = RunQueue(settings)
        return cls(
            settings=settings,
            db=db,
            metrics=SharedWrites(db, script_lease=settings.script_lease_seconds),
            files=files,
            queue=queue,
            sessions=ModelSessions(),
            hub=EventHub(db),
            checks=ReadinessChecks(settings, db, files, queue),
            monitor=Monitor(db, lost_after=settings.lease_seconds),
            overlays=Overlays(db, PreparedCurves(settings.curves_file)),
        )

    def close(self) -> None:
        """Close every connection."""
        self.queue.close()
        self.db.close()
