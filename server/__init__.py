"""The HTTP service: what was asked for, where it stands, and what came out of it."""
