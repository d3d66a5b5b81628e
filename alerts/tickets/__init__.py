"""Tickets: what is wrong, how sure, what next, and who does it."""
