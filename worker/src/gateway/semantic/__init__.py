"""Answers of prompts that mean the same; the only importer of `shared.decision`."""
