"""The visit gate: what is done about a finding, by what it is expected to cost."""
