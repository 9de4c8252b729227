"""Files never touch a disk: they are answered where not a byte can be written. So it is with recordings
(test_recorder.py)."""

from collections.abc import Iterator

import pytest

from tests.support.browser.serving import disk_full
from tests.support.browser.visits import Visit

LONG_S = 30.0  # 1.3 MB: beyond 1 MiB Starlette moves an upload to a file, if it is let


@pytest.fixture
def visit(browser, streamlit_server) -> Iterator[Visit]:
    visitor = Visit(browser, streamlit_server)
    with disk_full(streamlit_server):
        yield visitor
    visitor.leave()


def test_a_file_is_answered_without_a_disk(visit, wav, tmp_path):
    path = tmp_path / "long.wav"
    path.write_bytes(wav("metal", LONG_S))
    visit.page.get_by_test_id("stFileUploaderDropzoneInput").set_input_files(path)
    assert visit.wait_for_answer()
