"""HTTP values, errors, settings, the log, and the protocol that a host fulfils."""
