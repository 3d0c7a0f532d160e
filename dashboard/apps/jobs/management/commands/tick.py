import time
from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.db import DatabaseError, close_old_connections

from apps.jobs.services import tick

_PAUSE_SECONDS = 2.0


class Command(BaseCommand):
    """For cron, every minute: ``* * * * * manage.py tick``. Any number of machines may do so."""

    help = "Runs the scheduled work that is due. Safe to run twice, and from two machines."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--every",
            type=float,
            metavar="SECONDS",
            help="Run again after so many seconds, until stopped: for where there is no cron.",
        )

    def handle(self, *args: Any, every: float | None, **options: Any) -> None:
        if every is None:
            self._tick()
            return
        while True:
            pause = every
            try:
                self._tick()
            except DatabaseError as error:
                # Not there for a moment, or not migrated yet: this process has time.
                self.stderr.write(f"{type(error).__name__}: {error}")
                pause = min(every, _PAUSE_SECONDS)
            close_old_connections()
            time.sleep(pause)

    def _tick(self) -> None:
        for line in tick():
            self.stdout.write(line)
        self.stdout.flush()
