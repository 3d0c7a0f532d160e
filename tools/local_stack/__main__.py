"""`python -m local_stack [--bare]`: the command behind `make run`, which also reads `.env`."""

import asyncio
import contextlib
import os
import sys

from local_stack import env_file, options, supervisor


def main() -> int:
    """Run the stack; 0 after a requested stop, 1 when it could not start or a part of it ended."""
    try:
        asyncio.run(supervisor.run(_options(), _show))
    except options.StartError as error:
        print(f"\n{error}", file=sys.stderr)
        return 1
    return 0


def _options() -> options.Options:
    """What a file says holds where the environment says nothing; services inherit both."""
    arguments = options.arguments(sys.argv[1:])
    if arguments.env_file is not None:
        for name, value in env_file.read(arguments.env_file).items():
            os.environ.setdefault(name, value)
    return options.from_arguments(arguments, os.environ)


def _show(line: str) -> None:
    with contextlib.suppress(BrokenPipeError):  # nobody reads any more; the stack goes on
        print(line, flush=True)


if __name__ == "__main__":
    sys.exit(main())
