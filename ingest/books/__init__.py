"""The books: ledger, judgements, dead letters and registry, in one SQLite file."""
