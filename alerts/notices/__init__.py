"""What others are told, and how surely."""
