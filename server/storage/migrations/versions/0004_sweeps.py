"""Sweeps: what was drawn, how many trials are left; pausing and limits of studies."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("study", sa.Column("trials_left", sa.Integer(), nullable=True))
    op.add_column("study", sa.Column("parallel", sa.Integer(), nullable=True))
    op.add_column("study", sa.Column("paused_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("study", sa.Column("cancelled_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("study", sa.Column("resumed_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("study", sa.Column("notice", sa.Text(), nullable=True))
    op.add_column("run", sa.Column("cancel_reason", sa.String(length=64), nullable=True))
    op.add_column("run", sa.Column("drawn", sa.JSON(), nullable=True))
