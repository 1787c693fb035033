"""The checks of every page: axe, and no horizontal scrolling."""

import dataclasses

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

AXE = Axe().axe_script
OPTIONS = {
    "runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
    # Off by default in axe, because it is new in WCAG 2.2.
    "rules": {"target-size": {"enabled": True}},
    "resultTypes": ["violations"],
}
# The rules whose result depends on the window and the preferences. The other rules run once for each document.
VISUAL_RULES = ["color-contrast", "link-in-text-block", "scrollable-region-focusable", "target-size"]
VISUAL = {"runOnly": {"type": "rule", "values": VISUAL_RULES}, "resultTypes": ["violations"]}


@dataclasses.dataclass(frozen=True)
class Look:
    """The window size and the system preferences; others have their defaults."""

    name: str
    width: int
    color_scheme: str = "light"
    forced_colors: str = "none"
    reduced_motion: str = "no-preference"

    def show(self, page: Page):
        """Applies a look to a page."""
        page.set_viewport_size({"width": self.width, "height": 900})
        page.emulate_media(
            color_scheme=self.color_scheme, forced_colors=self.forced_colors, reduced_motion=self.reduced_motion
        )
        # Wait for color transitions before measuring.
        page.evaluate("document.getAnimations().forEach((animation) => animation.finish())")


DESKTOP, DESKTOP_DARK = Look("1280", 1280), Look("1280 dark, still", 1280, "dark", reduced_motion="reduce")
PHONE, PHONE_DARK = Look("360", 360), Look("360 dark", 360, "dark")
EVERYWHERE = [DESKTOP, DESKTOP_DARK, PHONE, PHONE_DARK]
# A window of 1280 at 400 % and at 200 % (WCAG 2.2, 1.4.10 and 1.4.4).
ENLARGED = [Look("320", 320), Look("640 dark", 640, "dark"), Look("forced colors", 1280, forced_colors="active")]


def violations(page: Page, options: dict = OPTIONS) -> list[str]:
    """The findings of axe, one line per element."""
    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE)
    found = page.evaluate("options => axe.run(document, options)", options)["violations"]
    return [f"{each['id']} at {node['target']}: {node['html']}" for each in found for node in each["nodes"]]


def overflow(page: Page) -> list[str]:
    """The elements that overflow a horizontally scrollable page."""
    return page.evaluate(
        """() => {
            const width = document.documentElement.clientWidth;
            if (document.documentElement.scrollWidth <= width) return [];
            return [...document.body.querySelectorAll("*")]
                .filter((element) => element.getBoundingClientRect().right > width)
                .map((element) => element.outerHTML.slice(0, 120));
        }"""
    )
