"""How a browser elsewhere finds its way to live video and sound: EARMARK_ICE_SERVERS.

On one machine, and mostly inside one network, no server is needed, so none is asked by default.
"""

import json
import os


def rtc_configuration() -> dict:
    """What streamlit-webrtc takes: the servers that EARMARK_ICE_SERVERS names, or none.

    The variable holds addresses with commas between them ("stun:stun.example.org:3478"), or, for a
    TURN server with its name and password, a JSON list such as
    [{"urls": "turn:turn.example.org", "username": "me", "credential": "secret"}].
    Raises ValueError, with a sentence for whoever runs Earmark, when it holds something else.
    """
    text = os.environ.get("EARMARK_ICE_SERVERS", "").strip()
    if text[:1] in ("[", "{"):
        try:
            servers = json.loads(text)
        except json.JSONDecodeError as error:
            raise ValueError(f"EARMARK_ICE_SERVERS is not valid JSON: {error}.") from error
        servers = servers if isinstance(servers, list) else [servers]
    else:
        addresses = [address.strip() for address in text.split(",")]
        servers = [{"urls": address} for address in addresses if address]
    for server in servers:
        addresses = server.get("urls") if isinstance(server, dict) else None
        addresses = [addresses] if isinstance(addresses, str) else addresses
        if not isinstance(addresses, list) or not addresses or not all(map(_address, addresses)):
            raise ValueError('EARMARK_ICE_SERVERS needs addresses such as "stun:stun.example.org:3478".')
    return {"iceServers": servers}


def _address(text: object) -> bool:
    return isinstance(text, str) and text.startswith(("stun:", "stuns:", "turn:", "turns:"))
