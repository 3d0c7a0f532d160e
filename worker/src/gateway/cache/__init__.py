"""What a request says about caching, and its sealed entries."""
