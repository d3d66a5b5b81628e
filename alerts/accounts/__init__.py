"""Accounts: who may come in, as what, and by which secret."""
