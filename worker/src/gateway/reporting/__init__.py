"""What leaves the gateway about a request: usage rows, prices, logs and errors."""
