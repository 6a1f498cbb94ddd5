"""Who is it, where does it go, and may it: tokens, clients, hosts and endpoints."""
