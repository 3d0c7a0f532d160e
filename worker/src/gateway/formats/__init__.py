"""Answer formats: a stream assembled into one answer, and one answer replayed as a stream."""
