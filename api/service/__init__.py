"""The house keeper: which loops run in which process, over which parts, and how well they are."""
