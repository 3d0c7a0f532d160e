"""The order of the steps of a request, and what follows its response."""
