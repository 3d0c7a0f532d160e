#!/usr/bin/env python
"""Django's command line: ``python dashboard/manage.py <command>``."""

import os
import sys


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    from django.core.management import execute_from_command_line

    from config.env import SettingError

    try:
        execute_from_command_line(sys.argv)
    except SettingError as error:
        sys.exit(f"Wrong setting: {error}\n.env.example describes every variable.")


if __name__ == "__main__":
    main()
