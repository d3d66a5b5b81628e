"""Incidents: many appliances with one presumed cause, worked as one."""
