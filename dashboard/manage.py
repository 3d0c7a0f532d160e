#!/usr/bin/env python
"""Django's command line: ``python dashboard/manage.py <command>``."""

import os
import sys


def _asks_for_help(arguments: list[str]) -> bool:
    return arguments[:1] == ["help"] or not {"--help", "-h"}.isdisjoint(arguments)


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    from django.core.management import execute_from_command_line

    from config.env import SettingError, stand_ins

    if _asks_for_help(sys.argv[1:]):
        # Options are listed by commands whose modules need settings; none of them is used.
        for name, value in stand_ins().items():
            os.environ[name] = os.environ.get(name) or value
    try:
        execute_from_command_line(sys.argv)
    except SettingError as error:
        sys.exit(f"Wrong setting: {error}\n.env.example describes every variable.")


if __name__ == "__main__":
    main()
