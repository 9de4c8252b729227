"""pages.moods.charts: the mood over time as data for a chart."""

from mood.emotion.drawing import EMOTION_COLOURS
from mood.emotion.live import MoodPoint
from pages.moods.charts import mood_history_chart


def test_the_line_has_a_gap_where_there_was_no_face():
    scores = {"happy": 0.9, "punk": 0.1}
    points = [MoodPoint(time_s, {} if time_s == 1.0 else scores) for time_s in (0.0, 0.5, 1.0, 1.5)]
    rows, description = mood_history_chart(points, 60.0)
    assert len(rows) == 6 and {row["segment"] for row in rows} == {0, 1}
    assert [row["offset_s"] for row in rows[::2]] == [-1.5, -1.0, 0.0]
    colours = description["encoding"]["color"]["scale"]
    assert colours["domain"] == [*EMOTION_COLOURS, "punk"] and len(colours["range"]) == 8
    assert mood_history_chart([], 60.0)[0] == []
