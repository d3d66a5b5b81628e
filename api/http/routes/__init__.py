"""HTTP routes: one router per noun; each asks the desk or the store, and decides nothing."""
