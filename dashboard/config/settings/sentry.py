"""Sentry: errors of the dashboard and of its scheduled work, and nothing about who met them.

Off without ``SENTRY_DSN``. What a report holds is decided in ``config.sentry``.
"""

from config import env

_environment = env.current()

if _environment.sentry_dsn:
    from config import sentry

    sentry.start(
        dsn=_environment.sentry_dsn,
        environment=_environment.environment,
        release=_environment.release,
        traces_sample_rate=_environment.sentry_traces_sample_rate,
    )
