"""The soak, for seconds: every kind of visitor once, on a real server."""

from tests.soak import soak


def test_visitors_come_and_go_without_an_error():
    rows, faults = soak.run(visitors=2, minutes=0.02, visits=3, rounds=1, clip_s=3.0)
    assert faults == []
    figures = {name: figure for name, figure, _ in rows}
    assert int(figures["visits"]) >= 1 + 2 + 2 + 3 and figures["errors"] == "0"
    assert any(name.startswith("answer to a clip of 3 s") for name in figures)


def test_a_line_of_an_error_is_a_fault(tmp_path):
    log = tmp_path / "server.log"
    log.write_text("Earmark is at http://localhost\nTraceback (most recent call last):\n  1 / 0\n")
    assert soak.log_faults(log) == ["Traceback (most recent call last):"]
