"""Webhooks: where one may lead, and how what is sent is signed."""
