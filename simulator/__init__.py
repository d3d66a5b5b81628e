"""A fleet that lies the way real ones do."""
