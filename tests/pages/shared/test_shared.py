"""The shared parts of all screens: models, the warm-up, messages, fragments, style."""

import re
import threading
import time

import pytest
from streamlit.testing.v1 import AppTest

from pages.shared.models import MAX_MODELS, ModelCache, WarmUp
from pages.shared.presenter.stage import PRESENTER
from tests.support.browser.serving import REPOSITORY


def test_a_fragment_is_alone_in_its_container():
    def page():
        import streamlit as st

        from pages.shared.widgets import fragment

        fragment(run_every=60.0)(lambda: st.text("looked at again"))()
        st.text("below")

    main = AppTest.from_function(page).run().main
    container, below = main.children.values()
    (element,) = container.children.values()
    (text,) = element.children.values()
    assert (text.value, below.value) == ("looked at again", "below")


def test_a_file_made_on_the_click_stays_while_others_come_and_go():
    def page():
        from threading import Thread

        import streamlit as st
        from streamlit import runtime

        from pages.shared.widgets import download_button

        files = runtime.get_instance().media_file_mgr
        download_button("Save", lambda: "a song", "song.txt", "text/plain", key="save")
        (waiting,) = files._deferred_callables
        addresses = []  # the browser asks for the file in a thread of its own
        click = Thread(target=lambda: addresses.append(files.execute_deferred(waiting)))
        click.start()
        click.join()
        for _ in range(3):  # the ends of other visitors' scripts
            files.remove_orphaned_files()
        name = addresses[0].rpartition("/")[2]
        st.text(files.read_file(name.partition(".")[0]).content.decode())
        files.clear_session_refs()  # the visitor's page runs again
        for _ in range(3):
            files.remove_orphaned_files()
        st.text(str(files.read_file(name.partition(".")[0])))

    app = AppTest.from_function(page).run()
    assert not app.exception, app.exception[0].message
    assert [text.value for text in app.text] == ["a song", "None"]


@pytest.mark.parametrize("widget", ["st.fragment", "st.download_button"])
def test_no_page_has_a_widget_without_its_care(widget):
    pages = [path for path in (REPOSITORY / "pages").rglob("*.py") if path.name != "widgets.py"]
    assert pages and [path.name for path in pages if widget in path.read_text()] == []


def test_the_stage_is_laid_out_in_pixels():
    """Safari enlarges no other length with CSS zoom."""
    stage = PRESENTER.partition("\n.presenting {")[2]
    assert "max-width: 960px" in stage and not re.search(
        r"\d(r?em|v[hw])\b", re.sub(r"font[^;]*;", "", stage)
    )


def test_a_model_is_loaded_once_by_many_threads():
    cache, loads = ModelCache(), []

    def load() -> str:
        loads.append("a")
        time.sleep(0.05)
        return "model"

    threads = [threading.Thread(target=cache.get, args=("classifier", "a", load)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert loads == ["a"] and cache.get("classifier", "a", load) == "model" and cache.has("classifier", "a")
    assert not cache.has("sampler", "a") and cache.get("sampler", "a", lambda: "other") == "other"


def test_the_model_unused_for_longest_is_dropped():
    cache = ModelCache()
    for key in range(MAX_MODELS):
        cache.get("classifier", key, object)
    cache.get("classifier", 0, object)
    cache.get("classifier", MAX_MODELS, object)
    assert cache.has("classifier", 0) and not cache.has("classifier", 1)


def test_a_model_that_fails_to_load_is_tried_again():
    cache = ModelCache()

    def fail() -> None:
        raise ValueError("damaged")

    with pytest.raises(ValueError, match="damaged"):
        cache.get("classifier", "a", fail)
    assert cache.get("classifier", "a", lambda: "repaired") == "repaired"


def test_the_warm_up_runs_each_step_once_in_one_thread():
    warm_up, calls, is_done = WarmUp(), [], threading.Event()

    def load() -> None:
        calls.append(threading.current_thread())

    def fail() -> None:
        raise OSError("damaged")

    warm_up.add("json", fail, load)
    warm_up.add(fail, load, is_done.set)
    assert is_done.wait(10)
    assert len(calls) == 1 and calls[0] is not threading.main_thread()


def test_a_message_outlives_one_rerun():
    def page():
        import streamlit as st

        from pages.shared.flash import set_flash, show_flash

        show_flash("above")
        show_flash("below")
        if st.button("Fail"):
            set_flash("above", "It failed.")
            set_flash("below", "It nearly failed.", "warning")
            st.rerun()
        st.button("Go on")

    app = AppTest.from_function(page).run()
    app.button[0].click().run()
    assert [app.error[0].value, app.warning[0].value] == ["It failed.", "It nearly failed."]
    app.button[1].click().run()
    assert not app.error and not app.warning
