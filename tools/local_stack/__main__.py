"""`python -m local_stack [--bare]`: the command behind `make run`."""

import asyncio
import contextlib
import os
import sys

from local_stack import options, supervisor


def main() -> int:
    """Run the stack; 0 after a requested stop, 1 when it could not start or a part of it ended."""
    try:
        asyncio.run(supervisor.run(options.parse(sys.argv[1:], os.environ), _show))
    except options.StartError as error:
        print(f"\n{error}", file=sys.stderr)
        return 1
    return 0


def _show(line: str) -> None:
    with contextlib.suppress(BrokenPipeError):  # nobody reads any more; the stack goes on
        print(line, flush=True)


if __name__ == "__main__":
    sys.exit(main())
