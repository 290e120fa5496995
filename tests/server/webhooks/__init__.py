"""Tests of `server.webhooks`."""
