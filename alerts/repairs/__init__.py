"""Repairs: what was closed as done, watched by telemetry until it has held."""
