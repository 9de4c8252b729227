"""Chromium for the browser tests: found, or installed where that is possible.

`python -m tests.chromium` (part of `make test`) installs Debian's package if there is no browser
yet and says plainly what is skipped when none can be had.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

PROGRAMS = (
    "chromium-headless-shell",  # without windows and what belongs to them, it takes less of the processor
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
    "chrome",
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
)


def find_chromium() -> str | None:
    """The program EARMARK_CHROMIUM names, or the first one installed; None when there is none."""
    candidates = (os.environ.get("EARMARK_CHROMIUM", ""), *PROGRAMS)
    return next((path for name in candidates if name and (path := shutil.which(name))), None)


def install_chromium() -> None:
    """Install Debian's package without windows, if apt-get is there and we may use it without a password."""
    if not shutil.which("apt-get"):
        return
    if os.geteuid() == 0:
        as_root = []
    elif shutil.which("sudo") and not subprocess.run(["sudo", "-n", "true"], **_QUIET).returncode:
        as_root = ["sudo", "-n"]
    else:
        return
    print("Installing Debian's chromium-headless-shell for the browser tests")
    apt = [*as_root, "env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "--quiet", "--yes"]
    subprocess.run([*apt, "update"], **_QUIET)
    subprocess.run([*apt, "install", "--no-install-recommends", "chromium-headless-shell"], **_QUIET)


_QUIET = {"stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}


def main() -> int:
    if not find_chromium():
        install_chromium()
    if path := find_chromium():
        print(f"Browser tests use {Path(path)}")
    else:
        print(
            "There is no Chromium or Chrome and it could not be installed: the browser tests are "
            "skipped. Install one, or name it with EARMARK_CHROMIUM=/path/to/chromium."
        )
    return 0


if __name__ == "__main__":
    sys.exit(main())
