"""What operators see: structured log lines."""
