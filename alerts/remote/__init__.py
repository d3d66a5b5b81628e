"""Remote diagnosis: consented, scoped, time-boxed; commands with class and deadline."""
