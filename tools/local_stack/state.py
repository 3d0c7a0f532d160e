"""The files in `.watchllm/`: a lock, secrets that are made once, `dev.json` for programs."""

import base64
import fcntl
import json
import os
import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from local_stack.options import StartError


@dataclass(frozen=True, slots=True)
class Secrets:
    """What the services share. Names as in the environment, lower case."""

    django_secret_key: str
    api_key_pepper: str
    encryption_keys: str
    supabase_key: str
    upstash_redis_rest_token: str


@contextmanager
def locked(state: Path) -> Iterator[None]:
    """Hold the folder for this process; raise `StartError` when another stack has it."""
    state.mkdir(mode=0o700, parents=True, exist_ok=True)  # the database in it is private too
    with (state / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise StartError(f"WatchLLM is already running on {state}: stop it first") from None
        yield


def load_or_create_secrets(state: Path) -> Secrets:
    """The secrets of earlier starts, or new ones; keys and stored data depend on them."""
    path = state / "secrets.json"
    known = json.loads(path.read_text()) if path.exists() else {}
    made = {
        "django_secret_key": secrets.token_urlsafe(48),
        "api_key_pepper": secrets.token_urlsafe(32),
        "encryption_keys": f"local1:{base64.b64encode(secrets.token_bytes(32)).decode()}",
        "supabase_key": secrets.token_urlsafe(32),
        "upstash_redis_rest_token": secrets.token_urlsafe(32),
    }
    found = Secrets(**{name: known.get(name) or value for name, value in made.items()})
    if asdict(found) != known:
        write_json(path, asdict(found))
    return found


def read_json(path: Path) -> dict[str, Any]:
    """The object in a file that another step wrote."""
    found: dict[str, Any] = json.loads(path.read_text())
    return found


def write_json(path: Path, content: Mapping[str, Any]) -> None:
    """Replace the file at once; only its owner may read it."""
    temporary = path.with_suffix(".tmp")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(json.dumps(content, indent=2) + "\n")
    temporary.replace(path)
