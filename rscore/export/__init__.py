"""Exports: one file per format, each with the check that its own runtime reproduces the fold."""
