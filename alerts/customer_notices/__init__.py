"""Customer notices: a word to a customer about their appliance's data, where they can help. Never a ticket."""
