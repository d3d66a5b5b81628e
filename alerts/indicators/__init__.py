"""Indicators: how the desk did over a period."""
