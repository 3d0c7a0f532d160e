"""Write the calls, formatted as everything else."""

from lua_calls.generate import SIDES


def main() -> None:
    """Write the module of each side."""
    for side in SIDES:
        side.target.write_text(side.formatted())


if __name__ == "__main__":
    main()
