"""Appliances: which there are, how each is, what happened to it."""
