"""The providers' prompt caches: which markers a request gets, and what is learned from its
answer."""
