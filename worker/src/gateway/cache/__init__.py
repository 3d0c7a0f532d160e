"""The cache: policy of a request, its keys, entries, the store, single flight."""
