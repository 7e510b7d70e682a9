"""The demonstration: what plays the other parts around the kit."""
