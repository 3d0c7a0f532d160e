"""Pages as they look in the light, in the dark and on a phone, and what is wrong with each."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from playwright.sync_api import Page, ViewportSize

DESK: ViewportSize = {"width": 1280, "height": 900}
PHONE: ViewportSize = {"width": 360, "height": 740}
LOOKS: dict[str, dict[str, Any]] = {
    "light": {"color_scheme": "light", "viewport": DESK},
    "dark": {"color_scheme": "dark", "viewport": DESK},
    "phone": {"color_scheme": "light", "viewport": PHONE},
}
SERIOUS = ("serious", "critical")
ALL_IMPACTS = (*SERIOUS, "moderate", "minor")
COLOUR_RULES = ("color-contrast", "link-in-text-block")
"""The rules of axe-core that look at colours. Nothing else differs between light and dark."""
_TRANSITIONS_ENDED = (
    "Promise.all(document.getAnimations()"
    ".filter(animation => animation instanceof CSSTransition)"
    ".map(transition => transition.finished))"
)


def violations(
    page: Page, axe: str, rules: tuple[str, ...] = (), impacts: tuple[str, ...] = SERIOUS
) -> list[str]:
    """What axe-core finds wrong with the page by all its rules, or by ``rules`` alone."""
    if page.evaluate("typeof axe") == "undefined":
        page.evaluate(axe)
    options = {"resultTypes": ["violations"]} | ({"runOnly": list(rules)} if rules else {})
    found = page.evaluate("options => axe.run(document, options)", options)
    return [
        f"{issue['id']} ({issue['impact']}): {node['target']} {node['failureSummary']}"
        for issue in found["violations"]
        if issue["impact"] in impacts
        for node in issue["nodes"]
    ]


def too_wide(page: Page) -> list[str]:
    """Says by how much the page is wider than the screen."""
    width = page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
    return [f"{width} px wider than the screen"] if width > 0 else []


@dataclass
class Visitor:
    """One tab that visits pages. It loads each twice: the light and the dark look are one document
    with other colours, and a phone has scripts of its own run when it loads.

    ``problems``: what was found, by look. ``screenshots``: the folder for a picture of each look.
    """

    page: Page
    axe: str
    impacts: tuple[str, ...] = SERIOUS
    screenshots: Path | None = None
    problems: dict[str, list[str]] = field(default_factory=lambda: {look: [] for look in LOOKS})
    _errors: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        page = self.page
        # What the page before still had to say when it was left is not this one's.
        page.on(
            "framenavigated",
            lambda frame: self._errors.clear() if frame == page.main_frame else None,
        )
        page.on(
            "console",
            lambda line: self._errors.append(line.text) if line.type == "error" else None,
        )
        page.on("pageerror", lambda error: self._errors.append(str(error)))

    def visit(self, path: str) -> None:
        """See the page in every look. It stays open as a phone shows it."""
        self.open(path)
        self.see_in_the_dark(path)
        self.page.emulate_media(color_scheme="light")
        self.page.set_viewport_size(PHONE)
        self._load(path, "phone")
        self._note_errors("phone", path)

    def open(self, path: str) -> None:
        """See it in the light."""
        self.page.emulate_media(color_scheme="light")
        self.page.set_viewport_size(DESK)
        self._load(path, "light")
        self._note("light", path, violations(self.page, self.axe, impacts=self.impacts))
        self._note_errors("light", path)

    def see_in_the_dark(self, path: str) -> None:
        """See the page that is open in the dark."""
        self.page.emulate_media(color_scheme="dark")
        self.page.evaluate(_TRANSITIONS_ENDED)
        self._look("dark", path)
        found = violations(self.page, self.axe, COLOUR_RULES, self.impacts)
        self._note("dark", path, found)
        self._note_errors("dark", path)

    def _load(self, path: str, look: str) -> None:
        response = self.page.goto(path)
        assert response is not None
        if response.status != 200:
            self._note(look, path, [f"status {response.status}"])
        self._look(look, path)

    def _look(self, look: str, path: str) -> None:
        if self.screenshots is not None:
            file = path.strip("/").replace("/", "-").replace("?", "-") or "landing"
            self.page.screenshot(path=self.screenshots / look / f"{file}.png", full_page=True)
        self._note(look, path, too_wide(self.page))

    def _note_errors(self, look: str, path: str) -> None:
        self._note(look, path, self._errors)
        self._errors.clear()

    def _note(self, look: str, path: str, found: list[str]) -> None:
        self.problems[look] += [f"{look} {path}: {problem}" for problem in found]
