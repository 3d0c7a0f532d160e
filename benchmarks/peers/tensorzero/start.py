"""`python start.py CONFIG REDIS_URL`: TensorZero's embedded HTTP gateway, one process.

Runs in an environment of its own, which has the package `tensorzero` and nothing of ours. Prints
the port to standard error once it listens (its own log goes to standard output), and ends with
SIGTERM.
"""

import signal
import sys
from urllib.parse import urlsplit

from tensorzero import _start_http_gateway


def main() -> None:
    """Serve until told to end."""
    _, config, redis_url = sys.argv
    gateway = _start_http_gateway(
        config_file=config,
        clickhouse_url=None,
        postgres_url=None,
        valkey_url=redis_url,
        async_setup=False,
    )
    print(urlsplit(gateway.base_url).port, file=sys.stderr, flush=True)
    signal.sigwait([signal.SIGTERM, signal.SIGINT])
    gateway.close()


if __name__ == "__main__":
    # Blocked before the gateway's threads exist, which inherit this.
    signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGTERM, signal.SIGINT])
    main()
