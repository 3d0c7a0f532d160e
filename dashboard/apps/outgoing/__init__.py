"""Requests to addresses that customers chose: their webhooks, their providers."""
