"""Care: how appliances are used, what is advised about it with what came of it, and what is soon used up."""
