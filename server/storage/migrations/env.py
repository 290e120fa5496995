"""Alembic's entry: migrate over the connection that `server.storage.database.migrate` opened."""

from __future__ import annotations

from alembic import context

from server.storage.models import Base

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Base.metadata,
    render_as_batch=True,
    transactional_ddl=True,
)
context.run_migrations()
