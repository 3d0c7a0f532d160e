"""The seam between the gateway and its host: one small protocol, one module per host."""
