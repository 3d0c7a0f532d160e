"""Mailgun's regions: a domain lives in one of them, and only that one's API knows it."""

REGIONS = {"us": "https://api.mailgun.net", "eu": "https://api.eu.mailgun.net"}
