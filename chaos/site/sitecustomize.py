"""Loaded by every Python process of a stage before anything else: its folder is on PYTHONPATH."""

from chaos.hooks import install

install()
