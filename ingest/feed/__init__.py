"""What was admitted, for the readers behind admission: handed on in memory, or read back."""
