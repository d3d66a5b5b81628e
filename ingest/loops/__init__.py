"""The loops of the ingest, in the order of a message: receive, commit, admit, store."""
