"""The settings of the Streamlit server, and that every start of the app finds them."""

import re
import tomllib
from contextlib import suppress
from pathlib import Path

import pytest

from genre.paths import REPOSITORY
from tests.support.browser import serving

CONFIG = REPOSITORY / ".streamlit" / "config.toml"


def test_no_garbage_is_collected_after_each_script():
    """It would hold the interpreter while music is generated: tests/benchmarks/app/bench_used_server.py."""
    assert tomllib.loads(CONFIG.read_text())["runner"]["postScriptGC"] is False


def test_make_run_starts_the_app_from_the_repository_root():
    """Streamlit reads the config.toml below the working directory."""
    makefile = (REPOSITORY / "Makefile").read_text()
    commands = [line for line in makefile.splitlines() if "streamlit run" in line]
    assert len(commands) == 1 and "-m streamlit run serve.py" in commands[0], "a path relative to the root"
    (recipe,) = re.findall(r"^run:.*\n((?:\t.*\n|(?:ifeq|else|endif).*\n)+)", makefile, re.M)
    assert "$(STREAMLIT)" in recipe and not re.search(r"\bcd\b", recipe)
    assert "postScriptGC" not in makefile, "no option overrules the file"


def test_tests_start_the_app_from_the_repository_root(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    started = {}

    def popen(command: list[str], **options: object) -> None:
        started.update(options, command=command)
        raise InterruptedError

    monkeypatch.setattr(serving.subprocess, "Popen", popen)
    with suppress(InterruptedError), serving.serve(tmp_path):
        pass
    assert started["cwd"] == CONFIG.parents[1] and "serve.py" in started["command"]
    assert not any("postScriptGC" in part for part in started["command"])
