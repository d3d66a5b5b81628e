"""Tasks: what other departments are asked to do for a ticket."""
