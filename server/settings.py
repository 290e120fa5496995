"""Settings: the only reader of the environment. Every field is REALSPIKE_<NAME> there."""

from __future__ import annotations

from pathlib import Path
from typing import Literal, Self

from pydantic import Field, ValidationError, field_validator, model_validator
from pydantic_core import ErrorDetails
from pydantic_settings import BaseSettings, SettingsConfigDict

from server.errors import SettingsError

DATABASE_SCHEMES = ("sqlite", "sqlite+pysqlite", "postgresql", "postgresql+psycopg")
BROKER_SCHEMES = ("filesystem", "redis", "rediss")


class Settings(BaseSettings):
    """How one process of the service is set up; the defaults are the embedded mode."""

    model_config = SettingsConfigDict(env_prefix="REALSPIKE_", frozen=True, extra="ignore")

    home: Path = Field(
        Path(".realspike"), description="Folder of everything the embedded mode stores."
    )
    database_url: str = Field(
        "", description="sqlite:///file or postgresql://user@host/name; empty is SQLite in home."
    )
    broker_url: str = Field(
        "",
        description="redis://host:port/number or filesystem:///folder; empty is a folder in home.",
    )
    queue_prefix: str = Field(
        "realspike",
        pattern=r"^[A-Za-z0-9_-]{1,100}$",
        description="Name of the queue, so that several services share one Redis.",
    )
    artifacts_url: str = Field(
        "",
        description="Folder or fsspec URL (s3://bucket/prefix) of stored files; empty is in home.",
    )
    data_dir: Path | None = Field(
        None, description="Folder with one sub-folder per data set; empty is data in home."
    )
    host: str = Field("127.0.0.1", description="Address that the server listens on.")
    port: int = Field(8700, ge=0, le=65535, description="Port that the server listens on.")
    lease_seconds: float = Field(
        20.0, ge=1, le=3600, description="A run whose worker is silent so long is queued again."
    )
    heartbeat_seconds: float = Field(
        2.0, gt=0, le=600, description="How often a worker renews its leases; under lease_seconds."
    )
    script_lease_seconds: float = Field(
        300.0,
        ge=1,
        le=86_400,
        description="A run of a script of one's own that is silent so long has failed as lost.",
    )
    max_lost_attempts: int = Field(
        3, ge=1, le=100, description="A run that loses so many workers in a row has failed."
    )
    retry_backoff_seconds: float = Field(
        2.0,
        ge=0,
        le=300,
        description="A run that lost its worker waits so long; each further loss 4 times as long.",
    )
    quarantine_after: int = Field(
        3,
        ge=0,
        le=1000,
        description="A worker on which so many runs failed in a row gets no more; 0 is never.",
    )
    checkpoint_seconds: float = Field(
        60.0, ge=0, description="An epoch that takes longer writes a checkpoint so often."
    )
    hang_seconds: float = Field(
        7200.0, ge=1, description="A training that gives no sign of life for so long is killed."
    )
    scheduler_seconds: float = Field(
        1.0, gt=0, le=60, description="How often the scheduler looks for lost and waiting runs."
    )
    wake_again_seconds: float = Field(
        15.0, gt=0, le=3600, description="A queued run nobody claimed is woken again after this."
    )
    sweep_seconds: float = Field(
        600.0, ge=0, description="Files an attempt left unrecorded go so long after its end."
    )
    worker_slots: int = Field(
        0, ge=0, le=256, description="Runs a worker trains at once; 0 is one per GPU, or one."
    )
    device: str = Field(
        "auto", pattern=r"^(auto|cpu|cuda(:\d+)?)$", description="auto, cpu, cuda or cuda:N."
    )
    largest_file_mb: int = Field(
        4096, ge=1, le=1_048_576, description="Largest file, in MiB, a script may add to a run."
    )
    study_run_limit: int = Field(
        1000, ge=1, le=1_000_000, description="Most runs that one study may have."
    )
    retention_days: float = Field(
        30.0,
        ge=0,
        le=36500,
        description="What was deleted is purged after so long, files too; 0 keeps it for ever.",
    )
    webhook_private: bool = Field(
        False,
        description="Webhooks may lead to this machine and its own network, over http too.",
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        "warning", description="Least serious message that processes print."
    )
    log_format: Literal["auto", "json", "text"] = Field(
        "auto", description="Log lines: json, text, or auto, which is text on a terminal."
    )

    @field_validator("database_url")
    @classmethod
    def _database_is_known(cls, url: str) -> str:
        if url and url.partition("://")[0] not in DATABASE_SCHEMES:
            raise ValueError("use sqlite:////folder/file.db or postgresql://user@host/name")
        return url

    @field_validator("broker_url")
    @classmethod
    def _broker_is_known(cls, url: str) -> str:
        scheme, _, place = url.partition("://")
        if url and (scheme not in BROKER_SCHEMES or not place):
            raise ValueError("use redis://host:port/number or filesystem:///folder")
        return url

    @model_validator(mode="after")
    def _lease_outlives_heartbeat(self) -> Self:
        if self.heartbeat_seconds * 2 > self.lease_seconds:
            raise ValueError(
                f"REALSPIKE_LEASE_SECONDS ({self.lease_seconds}) must be at least twice "
                f"REALSPIKE_HEARTBEAT_SECONDS ({self.heartbeat_seconds})"
            )
        return self

    @property
    def resolved_database_url(self) -> str:
        """The database, with the default filled in."""
        return self.database_url or f"sqlite:///{self.home.absolute() / 'realspike.db'}"

    @property
    def resolved_broker_url(self) -> str:
        """The broker, with the default filled in."""
        return self.broker_url or f"filesystem://{self.home.absolute() / 'queue'}"

    @property
    def broker_folder(self) -> Path | None:
        """Folder of the filesystem broker, or None when the broker is a server."""
        scheme, _, rest = self.resolved_broker_url.partition("://")
        return Path(rest).absolute() if scheme == "filesystem" else None

    @property
    def resolved_artifacts_url(self) -> str:
        """Where stored files lie, with the default filled in."""
        return self.artifacts_url or str(self.home.absolute() / "artifacts")

    @property
    def resolved_data_dir(self) -> Path:
        """Where data sets lie, with the default filled in."""
        return self.data_dir.absolute() if self.data_dir else self.home.absolute() / "data"

    @property
    def curves_file(self) -> Path:
        """Where the server keeps curves prepared for overlays; it may be deleted at any time."""
        return self.home.absolute() / "curves.db"

    @property
    def embedded(self) -> bool:
        """True when neither Postgres nor Redis is asked for."""
        return self.resolved_database_url.startswith("sqlite") and (
            self.resolved_broker_url.startswith("filesystem")
        )


def load_settings() -> Settings:
    """The environment's settings; raises SettingsError that names each wrong variable."""
    try:
        return Settings()
    except ValidationError as error:
        raise SettingsError("\n".join(_problem(item) for item in error.errors())) from error


def _problem(item: ErrorDetails) -> str:
    message = item["msg"].removeprefix("Value error, ")
    if not item["loc"]:
        return message
    name = f"REALSPIKE_{str(item['loc'][0]).upper()}"
    return f"{name} is {item['input']!r}: {message}"
