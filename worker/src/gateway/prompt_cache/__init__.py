"""The providers' prompt caches: which markers a request gets, and what its answer teaches."""
