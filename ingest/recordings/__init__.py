"""Recorded readings: files of any common form as one series of samples.

file → bytes → text (unpacking) → rows and columns (layout) → times, cells, names → series (reading); what would be read,
for people (inspection).
"""
