"""A trial of the desk: the after-sales world worked through the service's own code, and through naive rules beside it."""
