"""The version of WatchLLM: that of the newest release, until the next one is made.

``RELEASE`` is another matter: what a deployment calls the build that it runs.
"""

VERSION = "0.1.0"
