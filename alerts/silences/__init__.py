"""Silences: what a person has muted, until when and why."""
