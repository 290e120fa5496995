"""Migrations of the schema, run by Alembic; `python -m server.storage.migrations` applies them."""
