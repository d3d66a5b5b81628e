"""The layers, one file each; ``pipeline.py`` lists them in the order in which they run."""
