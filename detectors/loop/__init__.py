"""The loop of the detectors: what was admitted, in each appliance's own order of event time, through the pipeline."""
