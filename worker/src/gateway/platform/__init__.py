"""The former home of the hosts, kept for commands that name it."""
