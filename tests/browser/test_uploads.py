"""Recordings and files never touch a disk: they are answered where not a byte can be written."""

import secrets
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, Route, expect

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


def test_a_recording_is_answered_without_a_disk(visit, wav):
    send_instead(visit.page, "recording.wav", "audio/wav", wav("metal", LONG_S))
    recorder = visit.page.get_by_test_id("stAudioInput")
    recorder.get_by_role("button", name="Record", exact=True).click()
    visit.page.wait_for_timeout(500)
    recorder.get_by_role("button", name="Stop recording").click()
    assert visit.wait_for_answer()
    expect(visit.page.get_by_test_id("stMain").get_by_text("0:30").first).to_be_visible()


def send_instead(page: Page, name: str, kind: str, content: bytes) -> None:
    """Let the page's next upload carry this: a recording of half a minute need not be waited for."""

    def replace(route: Route) -> None:
        if route.request.method != "PUT":
            route.continue_()
            return
        boundary = secrets.token_hex(16)
        head = f'--{boundary}\r\nContent-Disposition: form-data; name="file"; filename="{name}"\r\n'
        body = f"{head}Content-Type: {kind}\r\n\r\n".encode() + content + f"\r\n--{boundary}--\r\n".encode()
        headers = {
            "content-type": f"multipart/form-data; boundary={boundary}",
            "content-length": str(len(body)),
        }
        route.continue_(headers=route.request.headers | headers, post_data=body)

    page.route("**/_stcore/upload_file/**", replace)
