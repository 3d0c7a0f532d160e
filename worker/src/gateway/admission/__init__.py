"""Whether a request may go on: its key record, limits, stream slot and single flight."""
