"""Backups: one file with the database and all stored files, from any store to any other."""
