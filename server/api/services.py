"""What the routes work with: one of each, made when the process starts."""

from __future__ import annotations

from dataclasses import dataclass

from server.api.event_hub import EventHub
from server.queue import RunQueue
from server.serving.sessions import ModelSessions
from server.settings import Settings
from server.storage.artifact_files import ArtifactFiles
from server.storage.database import Database


@dataclass(frozen=True, slots=True)
class Services:
    """The stores and clients of one server process."""

    settings: Settings
    db: Database
    files: ArtifactFiles
    queue: RunQueue
    sessions: ModelSessions
    hub: EventHub

    @classmethod
    def start(cls, settings: Settings) -> Services:
        """Services on these settings; raises ServerError when a store cannot be set up."""
        db = Database(settings.resolved_database_url)
        return cls(
            settings=settings,
            db=db,
            files=ArtifactFiles(settings.resolved_artifacts_url),
            queue=RunQueue(settings),
            sessions=ModelSessions(),
            hub=EventHub(db),
        )

    def close(self) -> None:
        """Close every connection."""
        self.queue.close()
        self.db.close()
