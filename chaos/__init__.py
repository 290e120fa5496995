"""Chaos: a whole service under random faults, and an auditor that finds whatever was lost."""
