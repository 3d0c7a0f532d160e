"""Write the calls, formatted as everything else."""

import subprocess
import sys

from lua_calls.generate import TARGET, generate


def main() -> None:
    """Write `calls.py`."""
    TARGET.write_text(generate())
    subprocess.run([sys.executable, "-m", "ruff", "format", "-q", str(TARGET)], check=True)


if __name__ == "__main__":
    main()
