"""Knowledge: what is known of fault modes, written by people, and what has helped, counted."""
