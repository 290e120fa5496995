"""How attempts ended, when a run may be tried again, which files were looked over, and totals."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("run", sa.Column("queued_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("run", sa.Column("not_before", sa.DateTime(timezone=True), nullable=True))
    op.add_column("attempt", sa.Column("exit", sa.String(length=200), nullable=True))
    op.add_column("attempt", sa.Column("refused", sa.Integer(), nullable=False, server_default="0"))
    op.add_column("attempt", sa.Column("swept_at", sa.DateTime(timezone=True), nullable=True))
    op.create_table(
        "past_attempt",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("outcome", sa.String(length=16), nullable=False),
        sa.Column("refused", sa.Integer(), nullable=False),
        sa.Column("milliseconds", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_past_attempt")),
    )
    op.create_table(
        "heartbeat",
        sa.Column("name", sa.String(length=32), nullable=False),
        sa.Column("host", sa.String(length=255), nullable=False),
        sa.Column("pid", sa.Integer(), nullable=False),
        sa.Column("version", sa.String(length=64), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_heartbeat")),
    )
    op.create_table(
        "purged_run",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("purged_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_purged_run")),
    )
    op.create_index(op.f("ix_artifact_location"), "artifact", ["location"])
    if op.get_bind().dialect.name == "postgresql":
        for name in ("spec", "summary"):
            op.alter_column("run", name, type_=JSONB(), postgresql_using=f"{name}::jsonb")
