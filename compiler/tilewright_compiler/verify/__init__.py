"""Whether a plan that was read is sound: its references, its layouts, and the kinds in it."""
