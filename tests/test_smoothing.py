"""mood.smoothing: calm, honest, and never out of bounds."""

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mood import EMOTIONS
from mood.faces import Box
from mood.reader import Reading
from mood.smoothing import HELD_S, NO_FACE, MoodTracker

HERE, THERE = Box(100, 100, 120, 120), Box(400, 100, 120, 120)


def reading(emotion: str, p: float = 0.9, box: Box = HERE) -> Reading:
    rest = (1 - p) / (len(EMOTIONS) - 1)
    return Reading(box, emotion, {name: p if name == emotion else rest for name in EMOTIONS})


def shown(tracker: MoodTracker, emotion: str, start_s: float, seconds: float, p: float = 0.9):
    for frame in range(int(seconds * 20)):
        mood = tracker.update([reading(emotion, p)], start_s + frame / 20)
    return mood


def test_the_first_face_is_believed_at_once() -> None:
    mood = MoodTracker().update([reading("happy")], 5.0)
    assert (mood.emotion, mood.state, mood.leader) == ("happy", "sure", 0)
    assert mood.certainty == pytest.approx(0.9) and mood.remark == ""


def test_a_single_odd_frame_changes_nothing_but_a_second_of_them_does() -> None:
    tracker = MoodTracker()
    shown(tracker, "happy", 0.0, 2.0)
    assert tracker.update([reading("angry", 0.99)], 2.0).emotion == "happy"
    assert shown(tracker, "angry", 2.05, 1.5).emotion == "angry"


def test_two_emotions_that_alternate_do_not_make_it_flicker() -> None:
    tracker = MoodTracker()
    faces = [reading(("sad", "neutral")[frame % 2], 0.6) for frame in range(200)]
    seen = [tracker.update([face], frame / 20).emotion for frame, face in enumerate(faces)]
    assert sum(a != b for a, b in itertools.pairwise(seen)) <= 1


def test_unsure_is_said_and_not_guessed() -> None:
    mood = MoodTracker().update([reading("fear", 0.3)], 0.0)
    assert mood.state == "unsure" and not mood.sure
    assert mood.emotion == "fear" and not mood.sure and "Light" in mood.remark


def test_a_blink_is_forgiven_and_a_face_that_is_gone_forgotten() -> None:
    tracker = MoodTracker()
    shown(tracker, "happy", 0.0, 1.0)
    held = tracker.update([], 1.2)
    assert held.emotion == "happy" and held.leader is None and "gone for the moment" in held.remark
    gone = tracker.update([], 1.0 + HELD_S + 0.2)
    assert (gone.state, gone.emotion, gone.scores) == (NO_FACE, None, {})
    assert tracker.update([reading("sad")], 3.0).certainty == pytest.approx(0.9)  # nothing of before is left


def test_the_same_face_is_followed_until_another_is_much_nearer() -> None:
    tracker = MoodTracker()
    tracker.update([reading("happy", box=HERE)], 0.0)
    rival = reading("angry", box=Box(400, 100, 130, 130))
    mood = tracker.update([rival, reading("happy", box=HERE)], 0.1)
    assert mood.leader == 1 and mood.emotion == "happy" and "2 faces" in mood.remark
    close = reading("angry", box=Box(300, 50, 240, 240))
    assert tracker.update([close, reading("happy", box=HERE)], 0.2).leader == 0


def test_another_reader_s_emotions_start_anew() -> None:
    tracker = MoodTracker()
    tracker.update([reading("happy")], 0.0)
    mood = tracker.update([Reading(HERE, "punk", {"punk": 0.8, "calm": 0.2})], 0.1)
    assert mood.emotion == "punk" and mood.scores == {"punk": 0.8, "calm": 0.2}
    assert mood.emotion == "punk" and mood.sure


frames = st.lists(
    st.tuples(
        st.floats(-1, 3, allow_nan=False),  # time since the last frame; clocks may jump back
        st.lists(
            st.tuples(st.sampled_from([HERE, THERE]), st.lists(st.floats(0.01, 1), min_size=7, max_size=7)),
            max_size=3,
        ),
    ),
    max_size=12,
)


@settings(deadline=None, max_examples=60)
@given(frames)
def test_scores_stay_probabilities_whatever_comes(sequence) -> None:
    tracker, now = MoodTracker(), 0.0
    for step, faces in sequence:
        now += step
        readings = []
        for box, weights in faces:
            scores = {name: w / sum(weights) for name, w in zip(EMOTIONS, weights, strict=True)}
            readings.append(Reading(box, max(scores, key=scores.get), scores))
        mood = tracker.update(readings, now)
        assert 0.0 <= mood.certainty <= 1.0 and mood.remark.endswith(("", ".") if mood.sure else ".")
        if mood.state == NO_FACE:
            assert mood.emotion is None and not mood.scores
        else:
            assert sum(mood.scores.values()) == pytest.approx(1.0)
            assert mood.certainty == pytest.approx(mood.scores[mood.emotion])
        assert (mood.leader is not None) == bool(readings)
        assert mood.leader is None or mood.leader < len(readings)


@settings(deadline=None, max_examples=40)
@given(st.sampled_from(EMOTIONS), st.lists(st.floats(0.01, 0.3), min_size=20, max_size=60))
def test_a_face_that_stays_wins_in_the_end_at_any_pace(emotion: str, pauses: list[float]) -> None:
    tracker, now = MoodTracker(), 2.0
    shown(tracker, "neutral", 0.0, 2.0)
    for pause in [*pauses, *[0.2] * 20]:
        now += pause
        mood = tracker.update([reading(emotion, 0.8)], now)
    assert mood.emotion == emotion and mood.certainty == pytest.approx(0.8, abs=0.05)
