"""Findings held against the truth."""
