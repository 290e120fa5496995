"""The tables. JSON columns hold documents that are validated at the edges."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    DateTime,
    Dialect,
    Float,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
from sqlalchemy.sql.operators import OperatorType
from sqlalchemy.types import TypeDecorator, TypeEngine


class UtcDateTime(TypeDecorator[datetime]):
    """Aware UTC time on every backend; SQLite stores it without a zone."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """To the database."""
        if value is None:
            return None
        return value.astimezone(UTC).replace(tzinfo=None if dialect.name == "sqlite" else UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        """From the database."""
        return None if value is None else value.replace(tzinfo=value.tzinfo or UTC).astimezone(UTC)


class Base(DeclarativeBase):
    """Parent of every table."""

    metadata = MetaData(
        naming_convention={
            "pk": "pk_%(table_name)s",
            "fk": "fk_%(table_name)s_%(column_0_name)s",
            "uq": "uq_%(table_name)s_%(column_0_name)s",
            "ix": "ix_%(column_0_label)s",
        }
    )
    """Constraints have names, so that a later migration can change them on SQLite too."""

    type_annotation_map = {  # noqa: RUF012
        datetime: UtcDateTime,
        dict[str, Any]: JSON,
        list[str]: JSON,
        list[int]: JSON,
    }


BIG_ID = BigInteger().with_variant(Integer, "sqlite")

SEARCHED = JSON().with_variant(JSONB(), "postgresql")
"""A document that filters look into: Postgres keeps it parsed."""


class Numbers(TypeDecorator[dict[str, float]]):
    """A searched document of numbers by name; Postgres spells 1e23 without an exponent."""

    impl = SEARCHED
    cache_ok = True

    def process_result_value(
        self,
        value: dict[str, float] | None,
        dialect: Dialect,  # noqa: ARG002
    ) -> dict[str, float] | None:
        """From the database."""
        return None if value is None else {name: float(number) for name, number in value.items()}

    def coerce_compared_value(self, op: OperatorType | None, value: Any) -> TypeEngine[Any]:
        """As JSON does: what is compared is a value inside, not a whole document."""
        return self.impl_instance.coerce_compared_value(op, value)


class Study(Base):
    """A sweep or an ablation: many runs from one document."""

    __tablename__ = "study"

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    name: Mapped[str] = mapped_column(String(200))
    experiment: Mapped[str] = mapped_column(String(200), index=True)
    document: Mapped[dict[str, Any]]
    """The study document as it was submitted, validated."""
    factors: Mapped[list[str]]
    """Names of the spec fields that vary, seed left out, in the document's order."""
    metric: Mapped[str] = mapped_column(String(200))
    goal: Mapped[str] = mapped_column(String(8))
    trials_left: Mapped[int | None]
    """Trials that a sweep has yet to make; empty where all runs were made at once."""
    parallel: Mapped[int | None]
    """Most runs that are open at once; empty for as many as there are slots."""
    paused_at: Mapped[datetime | None]
    """Since when no run of the study begins."""
    cancelled_at: Mapped[datetime | None]
    resumed_at: Mapped[datetime | None]
    """When it last went on after a pause."""
    notice: Mapped[str | None] = mapped_column(Text)
    """Why the service itself paused the study, for a person."""
    notes: Mapped[str | None] = mapped_column(Text)
    """What a person wrote about it, in Markdown."""
    archived_at: Mapped[datetime | None]
    """Since when lists leave it out, unless they are asked for it."""
    created_at: Mapped[datetime]
    deleted_at: Mapped[datetime | None]


class Run(Base):
    """One training. `attempt` is the fencing token: every write of a worker carries it."""

    __tablename__ = "run"
    __table_args__ = (
        Index("ix_run_queue", "status", "priority", "id"),
        Index("ix_run_study", "study_id", "id"),
        Index("ix_run_lease", "status", "lease_expires_at"),
    )

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    name: Mapped[str] = mapped_column(String(200))
    experiment: Mapped[str] = mapped_column(String(200), index=True)
    study_id: Mapped[str | None] = mapped_column(ForeignKey("study.id"))
    tags: Mapped[list[str]]
    spec: Mapped[dict[str, Any]] = mapped_column(SEARCHED)
    spec_digest: Mapped[str] = mapped_column(String(64), index=True)
    priority: Mapped[int] = mapped_column(default=0)
    source: Mapped[str] = mapped_column(String(16), default="worker", server_default="worker")
    """Who trains it: a worker of the service, or a script of somebody's own."""
    status: Mapped[str] = mapped_column(String(16))
    reason: Mapped[str | None] = mapped_column(String(64))
    """Stable code of why it failed, was cancelled or went back to the queue."""
    detail: Mapped[str | None] = mapped_column(Text)
    """What to do about it, for a person."""
    attempt: Mapped[int] = mapped_column(default=0)
    """Number of the newest attempt; 0 before the first."""
    lost: Mapped[int] = mapped_column(default=0)
    """Attempts in a row that lost their lease; too many end the run as poison."""
    queued_at: Mapped[datetime | None]
    """When it went back to the queue; a run that never left it waits since `created_at`."""
    not_before: Mapped[datetime | None]
    """A queued run that lost its worker is not claimed before this moment."""
    worker_id: Mapped[str | None] = mapped_column(String(64))
    lease_expires_at: Mapped[datetime | None]
    cancel_requested: Mapped[bool] = mapped_column(default=False)
    cancel_reason: Mapped[str | None] = mapped_column(String(64))
    """Why it is being cancelled, where it was no person: pruned."""
    drawn: Mapped[dict[str, Any] | None] = mapped_column(JSON)
    """What a sweep's sampler drew for this trial."""
    progress: Mapped[dict[str, Any] | None] = mapped_column(JSON)
    summary: Mapped[dict[str, float]] = mapped_column(Numbers)
    """Newest value of every metric, by name."""
    notes: Mapped[str | None] = mapped_column(Text)
    """What a person wrote about it, in Markdown."""
    archived_at: Mapped[datetime | None]
    """Since when lists leave it out, unless they are asked for it."""
    created_at: Mapped[datetime]
    woken_at: Mapped[datetime | None]
    """When a message about this queued run was last sent."""
    started_at: Mapped[datetime | None]
    """When the first attempt began."""
    finished_at: Mapped[datetime | None]
    deleted_at: Mapped[datetime | None]


class Attempt(Base):
    """One try at a run."""

    __tablename__ = "attempt"

    run_id: Mapped[str] = mapped_column(ForeignKey("run.id"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    worker_id: Mapped[str] = mapped_column(String(64))
    host: Mapped[str] = mapped_column(String(255))
    device: Mapped[str] = mapped_column(String(64))
    outcome: Mapped[str] = mapped_column(String(16))
    reason: Mapped[str | None] = mapped_column(String(64))
    exit: Mapped[str | None] = mapped_column(String(200))
    """How its process ended, where the worker saw it: `signal 9 (SIGKILL)`, for example."""
    refused: Mapped[int] = mapped_column(default=0, server_default="0")
    """Writes of it that were refused because the run no longer was its own."""
    started_at: Mapped[datetime]
    finished_at: Mapped[datetime | None]
    swept_at: Mapped[datetime | None]
    """When files that it left behind unrecorded were last looked for."""
    resumed_step: Mapped[int] = mapped_column(default=0)
    """Optimiser step of the checkpoint it went on from; 0 from the start."""


class Metric(Base):
    """One value of one metric at one optimiser step of one run."""

    __tablename__ = "metric"
    __table_args__ = {"sqlite_with_rowid": False}  # noqa: RUF012

    run_id: Mapped[str] = mapped_column(ForeignKey("run.id"), primary_key=True)
    name: Mapped[str] = mapped_column(String(200), primary_key=True)
    step: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    epoch: Mapped[int | None] = mapped_column(Integer)
    value: Mapped[float] = mapped_column(Float(53))
    recorded_at: Mapped[datetime]


class Histogram(Base):
    """One distribution at one optimiser step of one run: counts of equal-width bins."""

    __tablename__ = "histogram"
    __table_args__ = {"sqlite_with_rowid": False}  # noqa: RUF012

    run_id: Mapped[str] = mapped_column(ForeignKey("run.id"), primary_key=True)
    name: Mapped[str] = mapped_column(String(200), primary_key=True)
    step: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    epoch: Mapped[int | None] = mapped_column(Integer)
    low: Mapped[float] = mapped_column(Float(53))
    """Left edge of the first bin."""
    high: Mapped[float] = mapped_column(Float(53))
    """Right edge of the last bin."""
    counts: Mapped[list[int]]
    recorded_at: Mapped[datetime]


class LogLine(Base):
    """One line for a person, from one attempt of one run."""

    __tablename__ = "log_line"
    __table_args__ = (Index("ix_log_run", "run_id", "id"),)

    id: Mapped[int] = mapped_column(BIG_ID, primary_key=True, autoincrement=True)
    run_id: Mapped[str] = mapped_column(ForeignKey("run.id"))
    attempt: Mapped[int]
    recorded_at: Mapped[datetime]
    text: Mapped[str] = mapped_column(Text)


class Artifact(Base):
    """A stored file of a run, found by its opaque id; `location` is the store's own key."""

    __tablename__ = "artifact"
    __table_args__ = (
        Index("ix_artifact_run", "run_id", "kind"),
        Index("ix_artifact_location", "location"),
    )

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    run_id: Mapped[str] = mapped_column(ForeignKey("run.id"))
    attempt: Mapped[int]
    kind: Mapped[str] = mapped_column(String(16))
    name: Mapped[str] = mapped_column(String(200))
    location: Mapped[str] = mapped_column(String(500))
    media_type: Mapped[str] = mapped_column(String(100))
    size: Mapped[int] = mapped_column(BigInteger)
    sha256: Mapped[str] = mapped_column(String(64))
    step: Mapped[int | None]
    """Optimiser step of a checkpoint."""
    created_at: Mapped[datetime]


class FoldedModel(Base):
    """A folded model with its certificate; its files are artifacts of its run."""

    __tablename__ = "folded_model"

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    run_id: Mapped[str] = mapped_column(ForeignKey("run.id"), unique=True)
    name: Mapped[str] = mapped_column(String(200))
    verdict: Mapped[str] = mapped_column(String(16))
    certificate: Mapped[dict[str, Any]]
    test_acc: Mapped[float | None]
    created_at: Mapped[datetime]
    deleted_at: Mapped[datetime | None]


class Worker(Base):
    """A worker process; its row lives on after it as history."""

    __tablename__ = "worker"

    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    host: Mapped[str] = mapped_column(String(255))
    pid: Mapped[int]
    device: Mapped[str] = mapped_column(String(64))
    slots: Mapped[int]
    versions: Mapped[dict[str, Any]]
    datasets: Mapped[dict[str, Any]]
    """Data set name to "ready" or what is missing there."""
    draining: Mapped[bool] = mapped_column(default=False)
    quarantined_at: Mapped[datetime | None]
    """Since when it gets no runs, because they failed on it one after another."""
    quarantine_reason: Mapped[str | None] = mapped_column(Text)
    started_at: Mapped[datetime]
    seen_at: Mapped[datetime]
    stopped_at: Mapped[datetime | None]


class PastAttempt(Base):
    """What is kept of an attempt whose run was purged, so that totals never shrink."""

    __tablename__ = "past_attempt"

    id: Mapped[int] = mapped_column(BIG_ID, primary_key=True, autoincrement=True)
    outcome: Mapped[str] = mapped_column(String(16))
    refused: Mapped[int]
    milliseconds: Mapped[int | None] = mapped_column(BigInteger)
    """From the start of the run's first attempt to the end of this one."""


class PurgedRun(Base):
    """A run whose rows are gone; whatever lies below its folder in the file store is to go too."""

    __tablename__ = "purged_run"

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    purged_at: Mapped[datetime]


class Heartbeat(Base):
    """When a process that has no row of its own was last at work: the scheduler."""

    __tablename__ = "heartbeat"

    name: Mapped[str] = mapped_column(String(32), primary_key=True)
    host: Mapped[str] = mapped_column(String(255))
    pid: Mapped[int]
    version: Mapped[str] = mapped_column(String(64))
    seen_at: Mapped[datetime]


class Event(Base):
    """Something changed; ids rise in commit order, so a reader never misses one."""

    __tablename__ = "event"
    __table_args__ = (
        Index("ix_event_run", "run_id", "id"),
        Index("ix_event_study", "study_id", "id"),
        {"sqlite_autoincrement": True},  # an id is never used again, even when the newest is pruned
    )

    id: Mapped[int] = mapped_column(BIG_ID, primary_key=True, autoincrement=True)
    kind: Mapped[str] = mapped_column(String(32))
    run_id: Mapped[str | None] = mapped_column(String(32))
    study_id: Mapped[str | None] = mapped_column(String(32))
    data: Mapped[dict[str, Any]]
    created_at: Mapped[datetime]


class Webhook(Base):
    """An address that is told when a study ends or a run fails."""

    __tablename__ = "webhook"

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    url: Mapped[str] = mapped_column(String(2000))
    secret: Mapped[str] = mapped_column(String(200))
    """Signs what is sent."""
    events: Mapped[list[str]]
    """What it is told of."""
    seen_event: Mapped[int] = mapped_column(BigInteger)
    """Events up to this id have been turned into deliveries."""
    created_at: Mapped[datetime]


class WebhookDelivery(Base):
    """One thing that a webhook is told, tried until it is taken or given up."""

    __tablename__ = "webhook_delivery"
    __table_args__ = (
        Index("ix_webhook_delivery_due", "next_at"),
        Index("ix_webhook_delivery_hook", "webhook_id", "id"),
    )

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    webhook_id: Mapped[str] = mapped_column(ForeignKey("webhook.id"))
    event: Mapped[str] = mapped_column(String(32))
    payload: Mapped[dict[str, Any]]
    tries: Mapped[int] = mapped_column(default=0)
    next_at: Mapped[datetime | None]
    """When it is tried next; empty once it is delivered or given up."""
    answer: Mapped[str | None] = mapped_column(Text)
    """What the last try met: the HTTP status, or the error."""
    created_at: Mapped[datetime]
    delivered_at: Mapped[datetime | None]


class IdempotencyKey(Base):
    """The answer that a creating POST gave, for whoever sends it again."""

    __tablename__ = "idempotency_key"

    key: Mapped[str] = mapped_column(String(200), primary_key=True)
    request_digest: Mapped[str] = mapped_column(String(64))
    resource_id: Mapped[str] = mapped_column(String(32))
    created_at: Mapped[datetime]
