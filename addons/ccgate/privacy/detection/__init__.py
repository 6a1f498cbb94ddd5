"""What of a text must not leave: rules, and what finds them."""
