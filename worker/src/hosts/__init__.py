"""The hosts that the gateway runs on; nothing else knows one."""
