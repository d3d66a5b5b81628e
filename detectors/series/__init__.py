"""Series: readings of which nothing is known, and what is said of them; for ``generic`` appliances and any recording."""
