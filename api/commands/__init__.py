"""The words of the command line, grouped by what they are for; each imports what it needs only when it runs."""
