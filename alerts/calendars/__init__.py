"""Calendars: when work is done, where."""
