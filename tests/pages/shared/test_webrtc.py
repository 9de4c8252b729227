"""Late frames of live video: the newest alone is passed on, by the relay that streamlit-webrtc takes."""

import asyncio
from types import SimpleNamespace

import av
import pytest
from aiortc import AudioStreamTrack, MediaStreamTrack
from streamlit_webrtc import relay as webrtc_relay

from pages.shared.browser import webrtc
from pages.shared.browser.webrtc import NewestFrameRelay, drop_late_frames

N_FRAMES = 40


class Camera(MediaStreamTrack):
    """A camera that films as fast as its frames are taken."""

    kind = "video"
    n_filmed = 0

    async def recv(self) -> av.VideoFrame:
        if self.n_filmed == N_FRAMES:
            await asyncio.Future()  # for ever
        await asyncio.sleep(0)
        frame = av.VideoFrame(16, 16, "rgb24")
        frame.pts = self.n_filmed = self.n_filmed + 1
        return frame


def test_of_frames_that_come_too_late_the_newest_is_seen():
    async def watch() -> tuple[int, int]:
        relayed = NewestFrameRelay().subscribe(Camera())
        first = (await relayed.recv()).pts
        for _ in range(4 * N_FRAMES):  # an encoder that takes its time
            await asyncio.sleep(0)
        second = (await relayed.recv()).pts
        relayed.stop()
        return first, second

    first, second = asyncio.run(watch())
    assert first < 5 and second == N_FRAMES


def test_of_sound_every_frame_is_heard():
    assert NewestFrameRelay().subscribe(AudioStreamTrack())._buffered


@pytest.fixture
def runtime(monkeypatch):
    runtime = SimpleNamespace()
    stand_in = SimpleNamespace(exists=lambda: True, instance=lambda: runtime)
    monkeypatch.setattr(webrtc, "Runtime", stand_in)
    monkeypatch.setattr(webrtc_relay, "Runtime", stand_in)
    return runtime


def test_streamlit_webrtc_takes_this_relay(runtime):
    drop_late_frames()
    relay = webrtc_relay.get_global_relay()
    assert isinstance(relay, NewestFrameRelay)
    drop_late_frames()
    assert webrtc_relay.get_global_relay() is relay, "one for all visitors"
