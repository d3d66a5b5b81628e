"""Coverages: recalls, warranties and contracts, as they were agreed."""
