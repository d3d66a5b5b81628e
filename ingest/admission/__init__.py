"""Admission: each message of a journal batch is judged once, by what is remembered of who speaks."""
