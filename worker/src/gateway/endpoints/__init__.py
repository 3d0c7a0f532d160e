"""One file per endpoint: parse, call, respond."""
