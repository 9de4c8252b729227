"""A visitor without a browser: it speaks Streamlit's own protocol, so that twenty cost next to nothing.

    with WebsocketVisit("http://127.0.0.1:8501") as visitor:
        visitor.press("example_rock")
        visitor.upload("uploader_0", "song.wav", content)
        visitor.switch("train")

Every request waits until the server has run the page to its end, and fetches the sounds of the page.
"""

import http.client
import json
import re
import time
import uuid
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.proto.WidgetStates_pb2 import WidgetState
from streamlit.runtime.state.session_state import STREAMLIT_INTERNAL_KEY_PREFIX
from websockets.sync.client import connect

PATIENCE_S = 180.0  # how long a busy machine takes is for the benchmark to say
XSRF = "_streamlit_xsrf"
_CLASS = re.compile(r'<div class="([\w-]+)"')


class WebsocketVisit:
    """One visit: its connection, and what its page shows."""

    def __init__(self, address: str, cookies: str = "", page: str = "") -> None:
        parts = urlsplit(address)
        self._host = parts.netloc
        self._cookies = cookies
        self.elements: dict[tuple[int, ...], Any] = {}  # by place on the page
        self._origins: dict[tuple[int, ...], tuple[str, str]] = {}  # by place: run, and fragment or ""
        self._run = ""  # the run whose elements are coming
        self.pages: dict[str, str] = {}
        self._page = ""
        self._states: dict[str, WidgetState] = {}
        self._timers: dict[str, tuple[float, float]] = {}  # fragment -> interval, when it is due next
        self._fetched: set[str] = set()
        self.arrivals: dict[str, float] = {}  # class of an element's HTML -> when it came last (perf_counter)
        self._urls: Any = None
        self._xsrf = self._get_xsrf()
        self._cookies = "; ".join(filter(None, [cookies, f"{XSRF}={self._xsrf}"]))
        self._socket = connect(
            f"ws://{self._host}/_stcore/stream",
            subprotocols=["streamlit", self._xsrf],
            additional_headers={"Cookie": self._cookies, "Origin": address.rstrip("/")},
            max_size=None,
            legacy=True,  # a connection that outlives one block
            compression=None,
        )
        self._ask(page_name=page)

    def __enter__(self) -> "WebsocketVisit":
        return self

    def __exit__(self, *_: object) -> None:
        self.leave()

    def leave(self, abruptly: bool = False) -> None:
        """Close the connection, in good order or as a phone that loses its network."""
        if abruptly:
            self._socket.socket.close()
        else:
            self._socket.close()

    def switch(self, page: str) -> None:
        """Go to another page: "train"."""
        self.elements.clear()
        self._states.clear()
        self._timers.clear()
        self._page = self.pages[page]
        self._ask()

    def press(self, key: str) -> None:
        """Press a button, given by its key."""
        self._ask(WidgetState(id=self.widget(key), trigger_value=True))

    def trigger(self, key: str, event: str, value: object) -> None:
        """Send what a component of our own, given by its key, sends of an event."""
        content = json.dumps([{"event": event, "value": value}])
        id_ = f"{STREAMLIT_INTERNAL_KEY_PREFIX}_{self.widget(key)}__events"
        self._ask(WidgetState(id=id_, json_trigger_value=content))

    def choose(self, key: str, value: str) -> None:
        """Choose one of a segmented control, given by its key."""
        widget = self.widget(key)
        self._states[widget] = WidgetState(id=widget)
        self._states[widget].string_array_value.data.append(value)
        self._ask()

    def upload(self, key: str, name: str, content: bytes, kind: str = "application/octet-stream") -> int:
        """Put a file into an uploader or camera, and run the page on it -> the HTTP status."""
        widget = self.widget(key)
        message = BackMsg()
        message.file_urls_request.request_id = uuid.uuid4().hex
        message.file_urls_request.file_names.append(name)
        self._urls = None
        self._socket.send(message.SerializeToString())
        self._receive_until(lambda: self._urls is not None)
        (urls,) = self._urls.file_urls
        status = self._put(urls.upload_url, name, content, kind)
        if status < 300:
            state = WidgetState(id=widget)
            state.file_uploader_state_value.uploaded_file_info.add(
                name=name, size=len(content), file_id=urls.file_id, file_urls=urls
            )
            self._states[widget] = state
            self._ask()
        return status

    def wait_for(self, condition: Callable[["WebsocketVisit"], bool]) -> None:
        """Let the timers of the page's fragments run until the condition holds."""
        self._receive_until(lambda: condition(self))

    def widget(self, key: str) -> str:
        """The id of the widget with this key."""
        matches = [id_ for id_ in self.ids() if id_.endswith(f"-{key}")]
        if not matches:
            raise LookupError(
                f"There is no {key} among {sorted(id_.rpartition('-')[2] for id_ in self.ids())}"
            )
        return matches[0]

    def has(self, key: str) -> bool:
        """Whether the page has an element with this key."""
        return any(id_.endswith(f"-{key}") for id_ in self.ids())

    def ids(self) -> list[str]:
        """The ids of all elements that have one."""
        contents = [getattr(element, element.WhichOneof("type")) for element in self.elements.values()]
        return [content.id for content in contents if getattr(content, "id", "")]

    def text(self) -> str:
        """All that the page says."""
        contents = [getattr(element, element.WhichOneof("type")) for element in self.elements.values()]
        return "\n".join(str(getattr(content, "body", "")) for content in contents)

    def exceptions(self) -> list[str]:
        """The errors of scripts that the page shows."""
        exceptions = [
            element for element in self.elements.values() if element.WhichOneof("type") == "exception"
        ]
        return [element.exception.message for element in exceptions]

    def _ask(self, *triggers: WidgetState, page_name: str = "", fragment: str = "") -> None:
        """Run the page, or a fragment, with the widgets as they are; wait for its end."""
        message = BackMsg()
        client = message.rerun_script
        client.page_script_hash, client.page_name = self._page, page_name
        client.fragment_id, client.is_auto_rerun = fragment, bool(fragment)
        client.context_info.timezone = "UTC"
        client.context_info.url = f"http://{self._host}/"
        client.widget_states.widgets.extend([*self._states.values(), *triggers])
        if fragment:  # its end tells nothing of a whole page that is on its way
            self._socket.send(message.SerializeToString())
        else:
            self._has_started = self._has_finished = False
            self._socket.send(message.SerializeToString())
            self._receive_until(lambda: self._has_finished)
            self._fetch_media()

    def _receive_until(self, condition: Callable[[], bool]) -> None:
        deadline = time.monotonic() + PATIENCE_S
        while not condition():
            now = time.monotonic()
            assert now < deadline, f"the server did not answer: {self._situation()}"
            due = min((due for _, due in self._timers.values()), default=now + 1.0)
            try:
                data = self._socket.recv(timeout=max(0.01, min(1.0, due - now)))
            except TimeoutError:
                self._run_timers()
                continue
            assert isinstance(data, bytes)
            self._take(ForwardMsg.FromString(data))

    def _situation(self) -> str:
        keys = sorted(id_.rpartition("-")[2] for id_ in self.ids())
        run = f"started {self._has_started}, finished {self._has_finished}, timers {list(self._timers)}"
        return f"{run}, elements {keys}, text {self.text()[-300:]}"

    def _run_timers(self) -> None:
        now = time.monotonic()
        for fragment, (interval, due) in list(self._timers.items()):
            if due <= now:
                self._timers[fragment] = (interval, now + interval)
                self._ask(fragment=fragment)

    def _take(self, message: Any) -> None:
        match message.WhichOneof("type"):
            case "new_session":
                self._run = message.metadata.run.script_run_id
                if not message.metadata.run.fragment_ids:
                    self._has_started = True
                    self._timers.clear()
            case "navigation":
                self.pages = {
                    page.url_pathname or "listen": page.page_script_hash
                    for page in message.navigation.app_pages
                }
                self._page = message.navigation.page_script_hash
            case "delta":
                place = tuple(message.metadata.delta_path)
                self._origins[place] = self._run, message.delta.fragment_id
                if message.delta.WhichOneof("type") == "new_element":
                    self._keep(lambda other: other[: len(place)] != place)  # what a block here held
                    self.elements[place] = message.delta.new_element
                    for name in _CLASS.findall(message.delta.new_element.html.body):
                        self.arrivals[name] = time.perf_counter()
                else:
                    self.elements.pop(place, None)
            case "file_urls_response":
                self._urls = message.file_urls_response
            case "auto_rerun":
                interval = message.auto_rerun.interval
                self._timers[message.auto_rerun.fragment_id] = (interval, time.monotonic() + interval)
            case "script_finished":
                self._finish(message.script_finished, message.metadata.run)

    def _finish(self, how: int, run: Any) -> None:
        """Forget what the run was to draw anew and did not, as a browser does."""
        if how == ForwardMsg.FINISHED_FRAGMENT_RUN_SUCCESSFULLY:
            self._keep(
                lambda place: (
                    self._origins[place][1] not in run.fragment_ids
                    or self._origins[place][0] == run.script_run_id
                )
            )
        elif how == ForwardMsg.FINISHED_SUCCESSFULLY and self._has_started:
            self._keep(lambda place: self._origins[place][0] == run.script_run_id)
            self._has_finished = True
            ids = set(self.ids())
            self._states = {id_: state for id_, state in self._states.items() if id_ in ids}

    def _keep(self, condition: Callable[[tuple[int, ...]], bool]) -> None:
        self.elements = {place: element for place, element in self.elements.items() if condition(place)}

    def _fetch_media(self) -> None:
        """What a browser loads with the page: sounds and pictures."""
        for element in list(self.elements.values()):
            content = getattr(element, element.WhichOneof("type"))
            urls = [getattr(content, "url", "")]
            if element.WhichOneof("type") == "imgs":
                urls = [image.url for image in content.imgs]
            for url in urls:
                if isinstance(url, str) and url.startswith("/media/") and url not in self._fetched:
                    self._fetched.add(url)
                    self.get(url)

    def get(self, path: str) -> int:
        """Fetch a path -> its HTTP status."""
        return self._request("GET", path)[0]

    def _put(self, path: str, name: str, content: bytes, kind: str) -> int:
        boundary = uuid.uuid4().hex
        head = (
            f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"; filename="{name}"\r\n'
            f"Content-Type: {kind}\r\n\r\n"
        )
        body = head.encode() + content + f"\r\n--{boundary}--\r\n".encode()
        headers = {"Content-Type": f"multipart/form-data; boundary={boundary}", "X-Xsrftoken": self._xsrf}
        return self._request("PUT", path, body, headers)[0]

    def _get_xsrf(self) -> str:
        _, headers = self._request("GET", "/_stcore/health")
        match = re.search(rf"{XSRF}=([^;]+)", ", ".join(headers.get_all("set-cookie") or []))
        return match[1] if match else ""

    def _request(
        self, method: str, path: str, body: bytes | None = None, headers: dict[str, str] | None = None
    ) -> tuple[int, Any]:
        connection = http.client.HTTPConnection(self._host, timeout=PATIENCE_S)
        try:
            connection.request(method, path, body, {"Cookie": self._cookies, **(headers or {})})
            answer = connection.getresponse()
            answer.read()
            return answer.status, answer.headers
        finally:
            connection.close()
