"""The history of the desk's tables."""
