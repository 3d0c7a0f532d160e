"""`python -m local_stack.manage -- <command>`: manage.py with the local stack's settings.

Behind `make manage`. While the stack runs, the command meets its Redis and its Stripe double as the
dashboard does. While it does not, the command works on the database alone.
"""

import argparse
import os
import sys
from collections.abc import Mapping
from pathlib import Path

from local_stack import env_file, options
from local_stack.services import plan
from local_stack.state import load_or_create_secrets, locked, read_json

SETTINGS_FILE = "dashboard.json"
"""In the state folder: the running dashboard's environment, written by the supervisor."""
_OF_RUNNING_SERVICES = ("UPSTASH_", "STRIPE_")


def settings(chosen: options.Options, environment: Mapping[str, str]) -> dict[str, str]:
    """The dashboard's environment. Raises ``StartError`` where a variable is wrong."""
    try:
        with locked(chosen.state):
            planned = plan(chosen, load_or_create_secrets(chosen.state), environment)
    except options.StartError:
        return read_json(chosen.state / SETTINGS_FILE)  # another process holds the lock: it runs
    print(
        "The local stack is not running: its database is all there is. `make run` starts the rest.",
        file=sys.stderr,
    )
    return {
        name: value
        for name, value in planned.setup.environment.items()
        if not name.startswith(_OF_RUNNING_SERVICES)
    }


def main(given: list[str]) -> None:
    """Becomes manage.py."""
    parser = argparse.ArgumentParser(prog="python -m local_stack.manage", description=__doc__)
    parser.add_argument("--state", type=Path, default=options.REPOSITORY / ".watchllm")
    parser.add_argument("--env-file", type=Path)
    parser.add_argument("command", nargs="*", default=["help"], help="what manage.py is told")
    arguments = parser.parse_args(given)
    for name, value in env_file.read(arguments.env_file).items() if arguments.env_file else ():
        os.environ.setdefault(name, value)
    arguments.bare = False
    try:
        told = settings(options.from_arguments(arguments, os.environ), os.environ)
    except options.StartError as error:
        sys.exit(str(error))
    manage = str(options.REPOSITORY / "dashboard" / "manage.py")
    command = [sys.executable, manage, *(arguments.command or ["help"])]
    os.execve(sys.executable, command, {**os.environ, **told})  # noqa: S606 - our own program


if __name__ == "__main__":
    main(sys.argv[1:])
