"""What only a server on the network needs: who calls, a client for each key, bounds, metrics, a page."""
