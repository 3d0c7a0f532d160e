"""What was seen of one client, and the table of all."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Result:
    """``told``: what was seen, in a few words; ``problems``: what is not as it must be."""

    name: str
    packages: Mapping[str, Sequence[str]]
    told: str
    problems: list[str] = field(default_factory=list)

    def line(self) -> str:
        """One line of the table."""
        versions = " ".join(name for names in self.packages.values() for name in names)
        mark = "FAIL" if self.problems else "ok"
        return f"{self.name:28}{mark:6}{self.told:58}{versions}"


def complaints(results: Sequence[Result]) -> list[str]:
    """Every problem with the name of its client."""
    return [f"{result.name}: {problem}" for result in results for problem in result.problems]
