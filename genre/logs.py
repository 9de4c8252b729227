"""Log messages of library code, as lines on stderr, which is log.txt in a run's process."""

import logging
import sys
from typing import TextIO

PACKAGES = ("genre", "gan", "mood")


class _StderrHandler(logging.StreamHandler):
    """A handler that writes to the sys.stderr of the moment of writing."""

    def __init__(self) -> None:
        logging.Handler.__init__(self)

    @property
    def stream(self) -> TextIO:
        return sys.stderr


def configure_logging(run_name: str = "-") -> None:
    """Show this project's messages from INFO on, each with its time, level and the run's name."""
    # A percent sign in a name would be taken for a field.
    line = f"%(asctime)s %(levelname)s {run_name.replace('%', '%%')}: %(message)s"
    for package in PACKAGES:
        logger = logging.getLogger(package)
        for handler in [handler for handler in logger.handlers if isinstance(handler, _StderrHandler)]:
            logger.removeHandler(handler)
        handler = _StderrHandler()
        handler.setFormatter(logging.Formatter(line))
        logger.addHandler(handler)
        logger.setLevel(logging.INFO)
