"""Customers: who they are and how they are reached, where they live, what they own, and what they allow."""
