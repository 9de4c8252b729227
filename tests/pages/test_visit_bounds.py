"""What visits may hold in memory together, and how a clip waits for its turn."""

import gc
import threading
import time

from streamlit.testing.v1 import AppTest

from gan.sampling import job_queue
from gan.sampling.job_queue import JobError, JobQueue
from genre.inference import session
from genre.inference.session import Session
from pages.shared import turns
from pages.shared.sound_budget import LEAST_S, SoundBudget
from tests.support.pages.app_visits import healthy


class Held:
    """Something that holds sound."""

    def __init__(self, held_s: float) -> None:
        self.held_s = held_s


def test_late_visits_get_less_and_at_least_some():
    budget = SoundBudget(of_all_s=1000.0)
    first, second, third = Held(700.0), Held(290.0), Held(0.0)
    assert budget.share_s(first, 600.0) == 600.0
    assert budget.share_s(second, 600.0) == 300.0
    assert budget.share_s(third, 600.0) == LEAST_S
    del first
    gc.collect()
    assert budget.share_s(third, 600.0) == 600.0, "a visit that is over no longer counts"


def test_a_visit_keeps_its_latest_clips(monkeypatch):
    monkeypatch.setattr(session, "MAX_CLIPS", 3)
    visit = Session()
    for number in range(5):
        visit.add(f"{number}.txt", b"no music %d" % number, "upload", lambda clip: None)
    assert [clip.name for clip in visit] == ["2.txt", "3.txt", "4.txt"]


def test_the_pieces_that_wait_are_bounded_in_all(monkeypatch):
    monkeypatch.setattr(job_queue, "MAX_WAITING_OF_ALL", 3)
    monkeypatch.setattr(JobQueue, "_serve", lambda queue: None)  # nothing is done meanwhile
    queue = JobQueue()
    first, second = queue.open_ticket(), queue.open_ticket()
    first.submit([lambda: 1] * 2)
    second.submit([lambda: 2])
    for ticket in (first, second):
        try:
            ticket.submit([lambda: 3])
        except JobError as error:
            assert "Many visitors wait" in str(error)
        else:
            raise AssertionError("one too many was taken")
    first.cancel()
    second.submit([lambda: 4])


def test_a_clip_does_not_wait_behind_a_piece():
    def page():
        import streamlit as st

        from pages.shared.turns import visitor_turn

        with visitor_turn():
            st.text("my turn")

    is_under_way, may_end = threading.Event(), threading.Event()
    ticket = JobQueue().open_ticket()
    ticket.submit([lambda: (is_under_way.set(), may_end.wait(60))])
    try:
        assert is_under_way.wait(60)
        app = healthy(AppTest.from_function(page, default_timeout=50).run())
        assert [text.value for text in app.text] == ["my turn"] and ticket.is_running
    finally:
        may_end.set()


def test_a_clip_waits_for_its_turn_and_says_so(one_at_once):
    def page():
        import streamlit as st

        from pages.shared.turns import visitor_turn

        with visitor_turn():
            st.text("my turn")

    queue = turns._queue()
    other, another = queue.enter("other"), queue.enter("another")
    messages = []

    def free() -> None:
        """Once the page waits, and has had time to say so, the two before it leave."""
        deadline = time.monotonic() + 60
        while len(queue._waiting) < 2 and time.monotonic() < deadline:
            time.sleep(0.02)
        messages.extend(place.n_ahead for place in queue._waiting)
        time.sleep(turns.NOTICE_S + 3 * turns.POLL_S)
        other.leave()
        another.leave()

    thread = threading.Thread(target=free)
    thread.start()
    app = healthy(AppTest.from_function(page, default_timeout=120).run())
    thread.join()
    assert [text.value for text in app.text] == ["my turn"] and messages == [1, 2]
    assert not app.caption, "the notice is gone"
    assert "2 others come before you" in turns.waiting_text(2) and "next" in turns.waiting_text(1)
    assert not queue._working and not queue._waiting
