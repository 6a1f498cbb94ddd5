"""How originals come back into an answer."""
