"""Findings become alerts and tickets: the service desk."""
