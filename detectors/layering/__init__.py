"""What a layer is, what layers hand on to each other, and what several of them compute with."""
