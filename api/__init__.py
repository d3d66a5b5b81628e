"""The desk's window: HTTP, console, command line. It decides nothing."""
