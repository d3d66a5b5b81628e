"""Subscriptions: who is told what, by rules."""
