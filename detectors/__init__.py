"""Readings become findings: hygiene, point bank, cycles, context, evidence."""
