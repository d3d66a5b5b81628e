"""The demo: service and simulated fleet in one command."""
