"""Money of a ticket: what it costs, who pays and why, what the customer agreed to, and what providers are owed."""
