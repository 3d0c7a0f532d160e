"""What leaves the gateway after a response: usage rows, log lines and reports of errors."""
