"""mood.emotion.deepface: the real library with stand-in weights, and every way of not having them."""

import http.server
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from mood.emotion import deepface as deepface_module
from mood.emotion.deepface import DeepFaceRecognizer, RecognizerError, download_weights, weights_path
from tests.support.browser.serving import REPOSITORY
from tests.support.faces import HOME_OF_DEEPFACE, drawn_face, valid_faces
from tests.support.patience import PATIENCE_S


@pytest.fixture
def stand_in(monkeypatch) -> None:
    """Stand-in weights of the published architecture."""
    if not HOME_OF_DEEPFACE.exists():
        pytest.skip("no stand-in weights are here: set EARMARK_DATA to the folder of real data")
    monkeypatch.setenv("DEEPFACE_HOME", str(HOME_OF_DEEPFACE))


@pytest.fixture
def nothing_at_hand(tmp_path, monkeypatch) -> None:
    """No weights, neither ours nor the user's."""
    monkeypatch.delenv("DEEPFACE_HOME", raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))


@pytest.fixture
def server() -> Iterator[tuple[str, dict[str, bytes]]]:
    """A web server -> its address, and what it has by path."""
    content: dict[str, bytes] = {}

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = content.get(self.path)
            self.send_response(404 if body is None else 200)
            self.send_header("Content-Length", str(len(body or b"") + 10 * (self.path == "/cut")))
            self.end_headers()
            self.wfile.write(body or b"")

        def log_message(self, *arguments: object) -> None:
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as running:
        threading.Thread(target=running.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{running.server_port}", content
        running.shutdown()


def test_it_reads_real_faces(stand_in) -> None:
    recognizer = DeepFaceRecognizer.load()
    faces, labels = valid_faces()
    scores = recognizer.predict(list(faces))
    assert scores.shape == (len(faces), 7) and scores.dtype == np.float32
    np.testing.assert_allclose(scores.sum(axis=1), 1, atol=1e-5)
    np.testing.assert_allclose(recognizer.predict([faces[0]])[0], scores[0], atol=1e-5)
    assert (scores.argmax(axis=1) == labels).mean() > 0.5  # 0.585 on all of them
    assert recognizer.predict([]).shape == (0, 7)


def test_nothing_heavy_is_loaded_and_nothing_of_the_process_changed(stand_in) -> None:
    """No TensorFlow ever; no DeepFace before its first use; warnings and DEEPFACE_HOME stay."""
    program = """if True:
        import sys, os, warnings
        import mood.emotion.deepface as ours
        assert not any(name.startswith("deepface") for name in sys.modules)
        before = os.environ["DEEPFACE_HOME"]
        import numpy as np
        ours.DeepFaceRecognizer.load().predict([np.full((48, 48), 99, np.uint8)])
        assert os.environ["DEEPFACE_HOME"] == before
        assert ("ignore", None, Warning, None, 0) not in warnings.filters  # as DeepFace.py would have it
        assert "tensorflow" not in sys.modules and "keras" not in sys.modules
    """
    subprocess.run([sys.executable, "-c", program], check=True, cwd=REPOSITORY, timeout=PATIENCE_S)


def test_where_the_weights_are_looked_for(tmp_path, monkeypatch, earmark_home, nothing_at_hand) -> None:
    assert weights_path().is_relative_to(earmark_home)
    path = tmp_path / ".deepface" / "weights" / deepface_module.ONNX_FILE
    path.parent.mkdir(parents=True)
    path.write_bytes(b"x")
    assert weights_path() == path
    monkeypatch.setenv("DEEPFACE_HOME", str(tmp_path / "elsewhere"))
    assert weights_path().is_relative_to(tmp_path / "elsewhere")


def test_the_weights_come_with_progress_from_the_first_source_that_has_them(server, tmp_path) -> None:
    address, content = server
    content["/good"] = bytes(range(256)) * 1000
    calls: list[tuple[int, int | None]] = []
    path = tmp_path / "deep" / "weights.onnx"
    download_weights([f"{address}/none", f"{address}/good"], path, lambda *progress: calls.append(progress))
    assert path.read_bytes() == content["/good"]
    assert calls[-1] == (256_000, 256_000) and len(calls) > 1
    assert [call[0] for call in calls] == sorted(call[0] for call in calls)
    assert list(path.parent.iterdir()) == [path]


@pytest.mark.parametrize("source", ["{}/none", "{}/cut", "{}/large", "http://127.0.0.1:9/x", "nonsense"])
def test_a_failed_download_raises_a_sentence(server, tmp_path, monkeypatch, source) -> None:
    address, content = server
    content["/cut"], content["/large"] = b"half", b"x" * 5000
    monkeypatch.setattr(deepface_module, "MAX_WEIGHTS_BYTES", 4000)
    with pytest.raises(RecognizerError, match="connect to the internet and try again"):
        download_weights([source.format(address)], tmp_path / "weights.onnx", lambda done, total: None)
    assert list(tmp_path.glob("*onnx*")) == []


def test_a_slow_download_is_cancelled(server, tmp_path, monkeypatch) -> None:
    address, content = server
    content["/slow"] = b"x" * 1000
    monkeypatch.setattr(deepface_module, "DOWNLOAD_S", -1.0)
    with pytest.raises(RecognizerError, match="internet"):
        download_weights([f"{address}/slow"], tmp_path / "weights.onnx", lambda done, total: None)


def test_a_page_in_place_of_the_weights_is_refused(tmp_path, monkeypatch) -> None:
    monkeypatch.setenv("DEEPFACE_HOME", str(tmp_path))
    path = weights_path()
    path.parent.mkdir(parents=True)
    path.write_text("<html>Log in to the hotel's network</html>")
    with pytest.raises(RecognizerError, match="damaged: delete"):
        DeepFaceRecognizer.load()
    assert os.environ["DEEPFACE_HOME"] == str(tmp_path)


def test_loading_downloads_what_is_not_there(monkeypatch, nothing_at_hand) -> None:
    calls: list[Path] = []

    def refuse(sources, path, progress):
        calls.append(path)
        progress(0, None)
        raise RecognizerError("offline.")

    monkeypatch.setattr(deepface_module, "download_weights", refuse)
    with pytest.raises(RecognizerError, match="offline"):
        DeepFaceRecognizer.load()
    assert calls == [weights_path()]


def test_scores_of_zero_do_not_divide_by_zero() -> None:
    class Client:
        def predict(self, faces):
            return np.zeros((len(faces), 7), np.float32)

    assert np.isfinite(DeepFaceRecognizer(Client()).predict([drawn_face()])).all()
