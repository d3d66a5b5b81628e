"""How far each reader has come, and what the detectors knew then."""
