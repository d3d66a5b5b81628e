"""What the detectors remember: labelled columns, and their bytes in a checkpoint."""
