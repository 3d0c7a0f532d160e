"""`make soak`: an hour or more of mixed traffic under a seeded schedule of faults.

    make soak                               # 30 minutes
    make soak ARGS="--hours 8 --seed 7"
    make soak ARGS="--minutes 3 --longest 6 --report /tmp/soak.md"

Real redis-server and PostgreSQL, two edge processes, dashboard and tick; the provider is the test
double. It ends with a list of invariants and status 1 when one of them does not hold.
"""

import argparse
import asyncio
import signal
import sys
import tempfile
import threading
import time
from pathlib import Path

from benchmarks.soak import checks, report
from benchmarks.soak.dashboard_visits import Visits
from benchmarks.soak.samples import Sample, take
from benchmarks.soak.schedule import Window, rounds, under
from benchmarks.soak.stack import Stack, running
from benchmarks.soak.traffic import Traffic
from tests.contract.postgres import PostgresMissingError
from tests.doubles.redis_process import redis_server_missing

_SAMPLE_SECONDS = 5.0
_RESETS_END = 0.4
"""In this share of the run, from the beginning, processes are killed and Redis loses its keys.
Then nothing begins anew, so that growth shows."""
_CALM_SECONDS = 60.0
"""Traffic without a fault at the end, in which everything comes to rest."""
_LEASE_SECONDS = 65.0
"""The longest lease, of a stream's slot, is a minute."""


def main() -> int:
    """Run, print the report, and write it where ``--report`` says."""
    parser = argparse.ArgumentParser(prog="make soak", description=__doc__)
    parser.add_argument("--minutes", type=float, default=30.0)
    parser.add_argument("--hours", type=float, default=None)
    parser.add_argument("--rate", type=float, default=12.0, help="requests a second")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--longest", type=float, default=20.0, help="seconds of the longest fault")
    parser.add_argument("--report", type=Path, default=None, help="a file for the report")
    options = parser.parse_args()
    if reason := redis_server_missing():
        print(reason)
        return 2
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # what it started is ended then, too
    seconds = (options.hours * 60 if options.hours else options.minutes) * 60
    folder = Path(tempfile.mkdtemp(prefix="watchllm-soak-"))
    print(f"Logs: {folder}", flush=True)
    try:
        with running(folder) as stack:
            run = _Run(stack, options.rate, options.seed, seconds, options.longest)
            found = run.checked()
    except PostgresMissingError as error:
        print(error)
        return 2
    facts = report.Facts(seconds, options.rate, options.seed, options.longest)
    text = report.written(facts, found, run.traffic.asked, run.windows, run.visits.statuses)
    print(text)
    if options.report:
        options.report.write_text(text)
    return 1 if any(check.problems for check in found) else 0


class _Run:
    def __init__(
        self, stack: Stack, rate: float, seed: int, seconds: float, longest: float
    ) -> None:
        self.began = time.monotonic()
        self.traffic = Traffic(stack, rate, seed, self.began)
        self.visits = Visits(stack)
        self.windows: list[Window] = []
        self.samples: list[Sample] = []
        self._stack = stack
        self._seconds = seconds
        self._stopped = threading.Event()
        self._workers = (
            threading.Thread(target=self._sample),
            threading.Thread(target=self.visits.run, args=(self._stopped,)),
        )
        self._rounds = rounds(seed, longest)

    def checked(self) -> list[checks.Check]:
        """Run to the end, and look at what is left."""
        sending = threading.Thread(target=self._send)
        for worker in (sending, *self._workers):
            worker.start()
        try:
            self._break()
        finally:
            self._stopped.set()
            for worker in (sending, *self._workers):
                worker.join()
        stack, asked, windows = self._stack, self.traffic.asked, self.windows
        return [
            *checks.answers(asked, windows),
            *checks.waits(asked, windows),
            *checks.leftovers(stack, _LEASE_SECONDS),
            *checks.rows(stack, asked, windows),
            *checks.limits(stack, asked, windows),
            *checks.growth(self.samples),
        ]

    def _break(self) -> None:
        for fault, quiet, lasts in self._rounds:
            left = self._seconds - self.traffic.now()
            if left < quiet + lasts + _CALM_SECONDS:
                time.sleep(max(0.0, left))
                return
            if fault.resets_a_measurement and self.traffic.now() > _RESETS_END * self._seconds:
                continue
            time.sleep(quiet)
            print(f"{self.traffic.now():7.0f} s  {fault.name}, {lasts:.0f} s", flush=True)
            with under(fault, self._stack, self.began, self.windows):
                time.sleep(lasts)

    def _send(self) -> None:
        asyncio.run(self.traffic.run(self._stopped.is_set))

    def _sample(self) -> None:
        while not self._stopped.wait(_SAMPLE_SECONDS):
            losses = sum(window.loses for window in self.windows)
            self.samples.extend(take(self._stack, self.traffic.now(), losses))
            self._stack.provider.forget()  # it would keep every request


if __name__ == "__main__":
    sys.exit(main())
