"""A unit, which is a day or a cycle: what is folded over it, and the features that come of that."""
