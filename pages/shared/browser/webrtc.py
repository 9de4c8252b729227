"""The WebRTC configuration of live video and sound: EARMARK_ICE_SERVERS, and what becomes of late frames.

On one machine, and mostly inside one network, no server is needed, so there is none by default.
"""

import json
import os
from typing import Any

from aiortc import MediaStreamTrack
from aiortc.contrib.media import MediaRelay
from streamlit.runtime import Runtime
from streamlit_webrtc.relay import _SERVER_GLOBAL_RELAY_ATTR_NAME_


def rtc_configuration() -> dict[str, Any]:
    """Make the configuration for streamlit-webrtc: the servers of EARMARK_ICE_SERVERS, or none.

    The variable holds addresses with commas between them ("stun:stun.example.org:3478"), or, for a
    TURN server with its name and password, a JSON list such as
    [{"urls": "turn:turn.example.org", "username": "me", "credential": "secret"}].
    Raises ValueError, with a sentence, for a variable that holds something else.
    """
    text = os.environ.get("EARMARK_ICE_SERVERS", "").strip()
    if text[:1] in ("[", "{"):
        try:
            servers = json.loads(text)
        except json.JSONDecodeError as error:
            raise ValueError(f"EARMARK_ICE_SERVERS is not valid JSON: {error}.") from error
        servers = servers if isinstance(servers, list) else [servers]
    else:
        servers = [{"urls": address.strip()} for address in text.split(",") if address.strip()]
    for server in servers:
        urls = server.get("urls") if isinstance(server, dict) else None
        urls = [urls] if isinstance(urls, str) else urls
        if not isinstance(urls, list) or not urls or not all(map(_is_address, urls)):
            raise ValueError('EARMARK_ICE_SERVERS needs addresses such as "stun:stun.example.org:3478".')
    return {"iceServers": servers}


class NewestFrameRelay(MediaRelay):
    """A relay between the parts of streamlit-webrtc that passes on the newest frame of a video alone.

    The usual one keeps each frame until it is taken: where a busy server encodes more slowly than a camera
    films, they fill the memory, 10 MB a second, and what is seen lags behind by minutes.
    """

    def subscribe(self, track: MediaStreamTrack, buffered: bool = True) -> MediaStreamTrack:
        """Create a proxy of `track`; of sound every frame counts, and waits to be taken."""
        return super().subscribe(track, buffered and track.kind != "video")


def drop_late_frames() -> None:
    """Let streamlit-webrtc use one NewestFrameRelay for all visitors. Call before a video begins."""
    if Runtime.exists():
        runtime = Runtime.instance()
        if not isinstance(getattr(runtime, _SERVER_GLOBAL_RELAY_ATTR_NAME_, None), NewestFrameRelay):
            setattr(runtime, _SERVER_GLOBAL_RELAY_ATTR_NAME_, NewestFrameRelay())


def _is_address(text: object) -> bool:
    return isinstance(text, str) and text.startswith(("stun:", "stuns:", "turn:", "turns:"))
