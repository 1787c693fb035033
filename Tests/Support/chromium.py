"""The launch options of Chromium."""

import os
import shutil

# Chromium's sandbox needs privileges that root in a container does not have.
OPTIONS = {
    "executable_path": shutil.which("chromium"),
    "args": ["--no-sandbox"] if os.geteuid() == 0 else [],
}
