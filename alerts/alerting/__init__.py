"""From a finding to a decision: does it become an alert, and does the alert open a ticket?"""
