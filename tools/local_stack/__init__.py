"""What `make run` starts: every service around the edge Worker, on this machine only."""
