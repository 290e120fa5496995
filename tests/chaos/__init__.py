"""Chaos in its short form, and proof that its auditor sees what it is there to see."""
