"""The desk's window: HTTP routes, who may call them, and what they answer."""
