"""The stages of the alert pipeline, one file each; none knows another."""
