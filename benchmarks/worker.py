"""What a request costs the Worker in Pyodide, beside a Worker that does nothing: half of `edge`."""

from benchmarks import edge


def main() -> None:
    """Print microseconds of CPU per request, medians of three rounds, and ratios."""
    edge.main(("pyodide",))
