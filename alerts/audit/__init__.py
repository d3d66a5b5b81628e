"""The audit: who did what, when, to what."""
