"""Rules that the edge Worker and the dashboard must agree on. Standard library only."""
