"""What the one Clerk client is made of: an HTTP exchange, connections, turns, the rate budget, uploads."""
