"""Runs of your own scripts: begun, logged to and ended from wherever they train."""
