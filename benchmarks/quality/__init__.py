"""How good the detectors are, on public labelled data and on simulated fleets, beside what no skill reaches."""
