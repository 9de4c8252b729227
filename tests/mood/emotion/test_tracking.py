"""mood.emotion.tracking: calm, honest, and never out of bounds."""

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mood import EMOTIONS
from mood.emotion.faces import Box
from mood.emotion.recognizer import FaceEmotion
from mood.emotion.tracking import MAX_GAP_S, NO_FACE, MoodTracker

HERE, THERE = Box(100, 100, 120, 120), Box(400, 100, 120, 120)


def face_emotion(emotion: str, p: float = 0.9, box: Box = HERE) -> FaceEmotion:
    rest = (1 - p) / (len(EMOTIONS) - 1)
    return FaceEmotion(box, emotion, {name: p if name == emotion else rest for name in EMOTIONS})


def push_for(tracker: MoodTracker, emotion: str, start_s: float, seconds: float, p: float = 0.9):
    for frame in range(int(seconds * 20)):
        mood = tracker.update([face_emotion(emotion, p)], start_s + frame / 20)
    return mood


def test_the_first_face_is_believed_at_once() -> None:
    mood = MoodTracker().update([face_emotion("happy")], 5.0)
    assert (mood.emotion, mood.state, mood.tracked_face) == ("happy", "confident", 0)
    assert mood.probability == pytest.approx(0.9) and mood.message == ""


def test_a_single_odd_frame_changes_nothing_but_a_second_of_them_does() -> None:
    tracker = MoodTracker()
    push_for(tracker, "happy", 0.0, 2.0)
    assert tracker.update([face_emotion("angry", 0.99)], 2.0).emotion == "happy"
    assert push_for(tracker, "angry", 2.05, 1.5).emotion == "angry"


def test_two_emotions_that_alternate_do_not_make_it_flicker() -> None:
    tracker = MoodTracker()
    faces = [face_emotion(("sad", "neutral")[frame % 2], 0.6) for frame in range(200)]
    emotions = [tracker.update([face], frame / 20).emotion for frame, face in enumerate(faces)]
    assert sum(a != b for a, b in itertools.pairwise(emotions)) <= 1


def test_an_improbable_emotion_is_unsure() -> None:
    mood = MoodTracker().update([face_emotion("fear", 0.3)], 0.0)
    assert mood.state == "unsure" and not mood.is_confident
    assert mood.emotion == "fear" and not mood.is_confident and "Light" in mood.message


def test_a_blink_is_forgiven_and_a_face_that_is_gone_forgotten() -> None:
    tracker = MoodTracker()
    push_for(tracker, "happy", 0.0, 1.0)
    within_gap = tracker.update([], 1.2)
    assert (
        within_gap.emotion == "happy"
        and within_gap.tracked_face is None
        and "gone for the moment" in within_gap.message
    )
    after_gap = tracker.update([], 1.0 + MAX_GAP_S + 0.2)
    assert (after_gap.state, after_gap.emotion, after_gap.scores) == (NO_FACE, None, {})
    assert tracker.update([face_emotion("sad")], 3.0).probability == pytest.approx(
        0.9
    )  # nothing of before is left


def test_the_same_face_is_followed_until_another_is_much_nearer() -> None:
    tracker = MoodTracker()
    tracker.update([face_emotion("happy", box=HERE)], 0.0)
    rival = face_emotion("angry", box=Box(400, 100, 130, 130))
    mood = tracker.update([rival, face_emotion("happy", box=HERE)], 0.1)
    assert mood.tracked_face == 1 and mood.emotion == "happy" and "2 faces" in mood.message
    close = face_emotion("angry", box=Box(300, 50, 240, 240))
    assert tracker.update([close, face_emotion("happy", box=HERE)], 0.2).tracked_face == 0


def test_another_recognizer_s_emotions_start_anew() -> None:
    tracker = MoodTracker()
    tracker.update([face_emotion("happy")], 0.0)
    mood = tracker.update([FaceEmotion(HERE, "punk", {"punk": 0.8, "calm": 0.2})], 0.1)
    assert mood.emotion == "punk" and mood.scores == {"punk": 0.8, "calm": 0.2}
    assert mood.emotion == "punk" and mood.is_confident


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


@settings(max_examples=60)
@given(frames)
def test_scores_stay_probabilities_whatever_comes(sequence) -> None:
    tracker, now = MoodTracker(), 0.0
    for step, faces in sequence:
        now += step
        face_emotions = []
        for box, weights in faces:
            scores = {name: w / sum(weights) for name, w in zip(EMOTIONS, weights, strict=True)}
            face_emotions.append(FaceEmotion(box, max(scores, key=scores.get), scores))
        mood = tracker.update(face_emotions, now)
        assert 0.0 <= mood.probability <= 1.0 and mood.message.endswith(
            ("", ".") if mood.is_confident else "."
        )
        if mood.state == NO_FACE:
            assert mood.emotion is None and not mood.scores
        else:
            assert sum(mood.scores.values()) == pytest.approx(1.0)
            assert mood.probability == pytest.approx(mood.scores[mood.emotion])
        assert (mood.tracked_face is not None) == bool(face_emotions)
        assert mood.tracked_face is None or mood.tracked_face < len(face_emotions)


@settings(max_examples=40)
@given(st.sampled_from(EMOTIONS), st.lists(st.floats(0.01, 0.3), min_size=20, max_size=60))
def test_a_face_that_stays_wins_in_the_end_at_any_pace(emotion: str, pauses: list[float]) -> None:
    tracker, now = MoodTracker(), 2.0
    push_for(tracker, "neutral", 0.0, 2.0)
    for pause in [*pauses, *[0.2] * 20]:
        now += pause
        mood = tracker.update([face_emotion(emotion, 0.8)], now)
    assert mood.emotion == emotion and mood.probability == pytest.approx(0.8, abs=0.05)
