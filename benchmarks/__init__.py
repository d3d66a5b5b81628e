"""One file per figure; ``python -m benchmarks [NAME...]`` prints one JSON line each."""
