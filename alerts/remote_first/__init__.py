"""Remote first: what can be settled from afar is tried from afar, before anybody drives."""
