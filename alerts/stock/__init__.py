"""Stock: which parts lie where, for which ticket, and what must be ordered before it is missing."""
