"""The third room: what opens the door upstream. Where a credential comes from, and how it is put in."""
