"""How Chromium is started."""

import os
import shutil

# Chromium's own sandbox needs rights that root in a container does not have.
OPTIONS = {
    "executable_path": shutil.which("chromium"),
    "args": ["--no-sandbox"] if os.geteuid() == 0 else [],
}
