"""Supposing: what another gate would have done with what the desk has lived through."""
