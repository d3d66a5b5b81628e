"""What verdicts teach: cases, fits and their cards."""
