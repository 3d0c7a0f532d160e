import threading
import time
from collections.abc import Sequence
from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.db import DatabaseError, close_old_connections, connection
from django.db.migrations.executor import MigrationExecutor

from apps.jobs.registry import JOBS, Job
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
            self._tick(JOBS)
            return
        self._until_migrated()
        # Cron's next process does what waits behind a slow server; a single one needs threads.
        lanes = [[job for job in JOBS if not job.waits], *([job] for job in JOBS if job.waits)]
        threads = [
            threading.Thread(target=self._tick_for_ever, args=(lane, every), daemon=True)
            for lane in lanes
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    def _until_migrated(self) -> None:
        """A first start has no tables for a moment, and jobs would say so one by one."""
        while not _is_migrated():
            self.stdout.write("waits for the database's tables")
            self.stdout.flush()
            time.sleep(_PAUSE_SECONDS)

    def _tick_for_ever(self, jobs: Sequence[Job], every: float) -> None:
        said = ""
        while True:
            pause = every
            try:
                self._tick(jobs)
                said = ""
            except DatabaseError as error:
                # Not there for a moment: this process has time, and says so once.
                if said != (said := f"{type(error).__name__}: {error}"):
                    self.stderr.write(said)
                pause = min(every, _PAUSE_SECONDS)
            close_old_connections()
            time.sleep(pause)

    def _tick(self, jobs: Sequence[Job]) -> None:
        for line in tick(jobs=jobs):
            self.stdout.write(line)
        self.stdout.flush()


def _is_migrated() -> bool:
    try:
        executor = MigrationExecutor(connection)
        return not executor.migration_plan(executor.loader.graph.leaf_nodes())
    except DatabaseError:
        return False
