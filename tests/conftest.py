"""Settings of the whole test suite."""

from hypothesis import settings

# Two busy cores: how long one example takes says nothing.
settings.register_profile("watchllm", deadline=None)
settings.load_profile("watchllm")

# The running edges: one process a host, for the suites of the Worker and of the SDKs alike.
pytest_plugins = ("tests.worker.edges",)
