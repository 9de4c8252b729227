"""What all screens share."""

from streamlit.testing.v1 import AppTest

from tests.serving import REPOSITORY


def test_a_fragment_is_alone_in_its_container():
    def page():
        import streamlit as st

        from pages._shared import fragment

        fragment(run_every=60.0)(lambda: st.text("looked at again"))()
        st.text("below")

    main = AppTest.from_function(page).run().main
    container, below = main.children.values()
    (drawn,) = container.children.values()
    (text,) = drawn.children.values()
    assert (text.value, below.value) == ("looked at again", "below")


def test_no_page_has_a_fragment_without_one():
    pages = [path for path in (REPOSITORY / "pages").glob("*.py") if path.name != "_shared.py"]
    assert pages and [path.name for path in pages if "st.fragment" in path.read_text()] == []
