"""The clip as one picture on one axis of time: waveform, genre over time and spectrogram, with a cursor."""

import base64
import io
from pathlib import Path
from typing import Any

import numpy as np
import streamlit as st

from genre.audio.clip import SAMPLE_RATE, Clip
from genre.audio.overview import mel_overview, waveform_envelope
from genre.inference.classifier import Prediction
from genre.plots import prediction as plots
from genre.text import genre_name
from pages.listening.answer.marks import colour_of, genre_mark
from pages.listening.answer.spectrogram import spectrogram_image

COLUMNS = 300  # of the waveform
MATTERS = 0.08  # probability that a genre reaches somewhere to have a colour of its own
PITCHES_SHOWN = (500, 2_000, 8_000)  # Hz
_FOLDER = Path(__file__).parent


def _source(suffix: str) -> str:
    return (_FOLDER / f"player{suffix}").read_text(encoding="utf-8")


_mount = st.components.v2.component(
    "earmark_player",
    html=_source(".html"),
    css=_source(".css"),
    js=_source(".js"),
    isolate_styles=False,  # the presenter's view reaches into it
)


def mount_player(picture: dict[str, Any], starts_itself: bool) -> None:
    """Show the picture that `player_picture` made; it follows the audio element in "answer_sound"."""
    _mount(key="player", data={**picture, "starts_itself": starts_itself})


def player_picture(id_: str, clip: Clip, prediction: Prediction, begin_s: float) -> dict[str, Any]:
    """Describe a clip, which begins at begin_s of its recording, for the component."""
    decibels, centres_hz = mel_overview(clip)
    places = np.interp(PITCHES_SHOWN, centres_hz, np.arange(len(centres_hz))) / len(centres_hz)
    shares = _shares(prediction) if prediction.genre else []
    duration_s = max(clip.duration_s, 0.01)
    return {
        "id": id_,
        "duration_s": round(duration_s, 3),
        "begin_s": round(begin_s, 3),
        "starts": [round(start, 3) for start in clip.starts],
        "piece_s": round(len(clip.samples) / len(clip.starts) / SAMPLE_RATE, 3),
        "colour": colour_of(prediction.genre or ""),
        "levels": _levels(clip),
        "times": np.round(prediction.window_times_s, 2).tolist() if shares else [],
        "genres": shares,
        "spectrogram": spectrogram_picture(decibels),
        "pitches": [
            [plots.PITCHES[pitch], round(float(place), 3)]
            for pitch, place in zip(PITCHES_SHOWN, places, strict=True)
        ],
    }


def spectrogram_picture(decibels: np.ndarray) -> str:
    """Draw int8 dB below the loudest point (bands, columns), low bands first -> a data URL of a PNG."""
    buffer = io.BytesIO()
    spectrogram_image(decibels).save(buffer, "PNG")
    return "data:image/png;base64," + base64.b64encode(buffer.getvalue()).decode()


def _levels(clip: Clip) -> list[int | None]:
    """Return lowest and highest level of each column, in 127ths of the loudest; None where none is known."""
    times, levels = waveform_envelope(clip, COLUMNS)
    columns: list[int | None] = [None] * (2 * COLUMNS)
    peak = max(0.05, float(np.nanmax(np.abs(levels), initial=0.05)))
    is_known = ~np.isnan(times) & ~np.isnan(levels)
    places = (times[is_known] / max(clip.duration_s, 0.01) * COLUMNS).astype(int).clip(0, COLUMNS - 1)
    values = np.round(127 * levels[is_known] / peak).astype(int)
    for place, value in zip(places.tolist(), values.tolist(), strict=True):
        low, high = columns[2 * place], columns[2 * place + 1]
        columns[2 * place] = value if low is None else min(low, value)
        columns[2 * place + 1] = value if high is None else max(high, value)
    return columns


def _shares(prediction: Prediction) -> list[dict[str, Any]]:
    """Describe the genres that matter over time, the likeliest first, and the others as one."""
    genres, over_time = tuple(prediction.probabilities), prediction.window_probabilities
    matters = over_time.max(axis=0) >= MATTERS
    ranked = sorted(np.flatnonzero(matters), key=lambda k: -over_time[:, k].mean())
    areas: list[dict[str, Any]] = [
        {
            "name": genre_name(genres[k]).capitalize(),
            "mark": genre_mark(genres[k]),
            "colour": colour_of(genres[k]),
            "percent": plots.percent(prediction.probabilities[genres[k]]),
            "shares": _rounded(over_time[:, k]),
        }
        for k in ranked
    ]
    if not matters.all():
        rest = over_time[:, ~matters].sum(axis=1)
        areas.append({"name": "The others", "shares": _rounded(rest)})
    return areas


def _rounded(shares: np.ndarray) -> list[float]:
    """Round to four places, but never to nothing or to all: that is "<1 %" and "99 %", as elsewhere."""
    is_part = (shares > 0) & (shares < 1)
    return np.where(is_part, np.round(shares, 4).clip(0.0001, 0.9999), shares).round(4).tolist()
