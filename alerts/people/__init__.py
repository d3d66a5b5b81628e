"""People who go to homes: technicians, the providers some of them work for, and whom a customer wants at the door."""
