"""Settings of the whole test suite."""

from hypothesis import HealthCheck, settings

# Two busy cores: how long an example takes says nothing, nor how long it takes to make one. And
# the same examples every time: a test that fails by chance tells nothing of the change it fails
# on. (`--hypothesis-profile=default` looks for new ones.)
settings.register_profile(
    "watchllm",
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("watchllm")

# The running edges: one process a host, for the suites of the Worker and of the SDKs alike. And a
# migrated database, for the suites of the local stack and of the browser.
pytest_plugins = ("tests.scheduling", "tests.worker.edges", "tests.doubles.migrated_sqlite")
