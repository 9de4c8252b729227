"""What tests read off the Listen page."""

import re

from streamlit.testing.v1 import AppTest

from tests.support.pages.app_visits import markup, predicted_genre

CHARTS_OF_A_PREDICTION = 2  # all genres, and energy


def answer(app: AppTest) -> list[str]:
    """The genre on the page and its probability."""
    share = re.search(r"</b> (.+?)(?:<span|</p>)", markup(app))
    return [predicted_genre(app), share[1] if share else ""]


def charts(app: AppTest) -> int:
    return len(app.get("plotly_chart"))
