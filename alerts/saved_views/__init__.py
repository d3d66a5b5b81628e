"""Saved views: lists that people put together for themselves, kept under a name and shared with a role."""
