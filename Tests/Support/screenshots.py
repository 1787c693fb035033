"""Creates the screenshots of the documentation: `make screenshots`. The output is reproducible."""

import io
import sys
from pathlib import Path

from chromium import OPTIONS
from page_states import STATES, Ports
from PIL import Image
from playwright.sync_api import sync_playwright
from scripted_api import showcase
from site_under_test import ROOT

# File name: state, language, scheme, size of the window.
PICTURES = {
    "register": ("register-typing", "en-GB", "light", (960, 1000)),
    "login-ja": ("login", "ja-JP", "light", (400, 720)),
    "register-errors-dark": ("register-taken", "en-GB", "dark", (400, 720)),
    "account": ("account", "en-GB", "light", (960, 1010)),
    "account-ja-dark": ("account-alone", "ja-JP", "dark", (400, 720)),
}
MOST_BYTES = 60_000


def main(folder: Path):
    """Writes every picture into the folder."""
    states = {state.name: state for state in STATES}
    with showcase() as (port, _), sync_playwright() as driver:
        browser = driver.chromium.launch(**OPTIONS)
        for name, (state, locale, scheme, (width, height)) in PICTURES.items():
            context = browser.new_context(
                locale=locale,
                timezone_id="UTC",
                color_scheme=scheme,
                reduced_motion="reduce",
                viewport={"width": width, "height": height},
                device_scale_factor=2 if width < 600 else 1.5,
            )
            page = context.new_page()
            states[state].open(page, Ports(port, 0, 0))
            picture = page.screenshot(animations="disabled", caret="hide")
            context.close()
            file = folder / f"{name}.webp"
            Image.open(io.BytesIO(picture)).save(file, "WEBP", quality=82, method=6)
            assert file.stat().st_size <= MOST_BYTES, f"{file} has {file.stat().st_size} bytes"
            print(f"{file.relative_to(ROOT)}: {file.stat().st_size} bytes")
        browser.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]).resolve())
