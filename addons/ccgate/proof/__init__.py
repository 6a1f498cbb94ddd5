"""The sixth room: what anyone can see of a request. Numbers and names, never content."""
