"""Visits: who is at which door when, with what reason; proposed, planned, moved, and written down when done."""
