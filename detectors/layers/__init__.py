"""The layers, one file each: classes of :mod:`detectors.layering.layer`; ``pipeline.py`` lists them in the order in which they run."""
