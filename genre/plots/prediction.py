"""Plotly figures of predictions.

Backgrounds are transparent and colours of middle lightness, so that one figure fits light and dark pages.
Arrays stay arrays: plotly writes them as typed binary, and a figure stays below 150 kB.
"""

from typing import TYPE_CHECKING

import numpy as np
import pandas  # noqa: F401 - plotly uses it, even if another thread has imported only half of it
import plotly.graph_objects as go

from genre.text import clock, genre_name, percent

if TYPE_CHECKING:
    from genre.inference.explain import Explanation

# One colour a genre, everywhere; each has a contrast of 3:1 or more to white and to near black.
COLOURS = {
    "blues": "#4C78D0",
    "classical": "#937ED4",
    "country": "#A9794A",
    "disco": "#D65FA8",
    "hiphop": "#D9702E",
    "jazz": "#1F9C9C",
    "metal": "#6B7E99",
    "pop": "#B08D1A",
    "reggae": "#4A9F60",
    "rock": "#CF4B4B",
}
# Magma without its first colour #000004, which Streamlit takes for a placeholder of its theme.
LOUDNESS = ("#05040f", "#1c1044", "#4f127b", "#812581", "#b5367a", "#e55964", "#fb8761", "#fec287", "#fcfdbf")
QUIET = "#8A9099"  # neutral colour of everything without another colour
FAINT = "rgba(138,144,153,0.35)"

PITCHES = {
    100: "100\u00a0Hz",
    500: "500\u00a0Hz",
    1_000: "1\u00a0kHz",
    2_000: "2\u00a0kHz",
    4_000: "4\u00a0kHz",
    8_000: "8\u00a0kHz",
}
ENERGY_RANGE = 1.5  # standard deviations to either side on the chart of energy
RANGE_DB = 70  # displayed range of a spectrogram
# The same margins on all figures over time, so that their time axes are aligned.
_SIDES = {"l": 58, "r": 14}


def probability_bars(probabilities: dict[str, float]) -> go.Figure:
    """Draw a bar a genre, the likeliest on top."""
    order = sorted(probabilities, key=probabilities.__getitem__)
    return _bars(
        order,
        [probabilities[genre] for genre in order],
        [COLOURS.get(genre, QUIET) for genre in order],
        [percent(probabilities[genre]) for genre in order],
    )


def bars_to_come(genres: tuple[str, ...]) -> go.Figure:
    """Draw a placeholder for the same bars, in grey and all equal."""
    return _bars(genres[::-1], [0.4] * len(genres), [FAINT] * len(genres), None)


def _bars(genres, lengths, colours, labels) -> go.Figure:
    figure = go.Figure(
        go.Bar(
            x=lengths,
            y=[genre_name(genre) for genre in genres],
            text=labels,
            marker={"color": colours, "cornerradius": 3, "line": {"width": 0}},
            orientation="h",
            textposition="outside",
            cliponaxis=False,
            hoverinfo="skip",
        )
    )
    margin = {"l": 70, "r": 46, "t": 4, "b": 4}
    figure.update_layout(_layout(height=330, margin=margin), bargap=0.35)
    figure.update_xaxes(range=[0, 1], visible=False, fixedrange=True)
    figure.update_yaxes(fixedrange=True, showgrid=False, ticks="", ticklabelstandoff=6)
    return figure


def energy_over_time(
    times: np.ndarray, energy: np.ndarray, duration_s: float, begin_s: float = 0.0
) -> go.Figure:
    """Draw energy (W,) in standard deviations at times (W,) s, energetic above the middle and calm below."""
    figure = go.Figure(
        go.Scatter(
            x=(begin_s + times).astype(np.float32),
            y=energy.clip(-ENERGY_RANGE, ENERGY_RANGE).astype(np.float32),
            mode="lines",
            line={"color": QUIET, "width": 3, "shape": "spline"},
            hoverinfo="skip",
        )
    )
    figure.update_layout(_layout(height=110, margin={**_SIDES, "t": 6, "b": 30}))
    figure.update_yaxes(
        range=[-1.1 * ENERGY_RANGE, 1.1 * ENERGY_RANGE],
        fixedrange=True,
        showgrid=False,
        tickvals=[-0.8 * ENERGY_RANGE, 0.8 * ENERGY_RANGE],
        ticktext=["calm", "energetic"],
        zeroline=True,
        zerolinecolor=FAINT,
    )
    figure.update_xaxes(_time_axis(duration_s, begin_s))
    return figure


def waveform(
    times: np.ndarray, levels: np.ndarray, duration_s: float, colour: str = QUIET, begin_s: float = 0.0
) -> go.Figure:
    """Draw the loudness over time: a curve through levels (T,) at times (T,) s."""
    figure = go.Figure(
        go.Scatter(
            x=begin_s + times, y=levels, mode="lines", line={"color": colour, "width": 1}, hoverinfo="skip"
        )
    )
    peak = max(0.05, float(np.nanmax(np.abs(levels))))
    figure.update_layout(_layout(height=130, margin={**_SIDES, "t": 4, "b": 30}))
    figure.update_yaxes(range=[-peak, peak], fixedrange=True, visible=False)
    figure.update_xaxes(_time_axis(duration_s, begin_s))
    return figure


def spectrogram(
    picture: np.ndarray, centres_hz: np.ndarray, duration_s: float, begin_s: float = 0.0
) -> go.Figure:
    """Draw a picture (bands, columns) int8 dB below the loudest point; its bands lie at centres_hz."""
    bands, columns = picture.shape
    step = duration_s / columns
    figure = go.Figure(
        go.Heatmap(
            z=np.maximum(picture, -RANGE_DB),
            zmin=-RANGE_DB,
            zmax=0,
            x0=begin_s + step / 2,
            dx=step,
            colorscale=LOUDNESS,
            showscale=False,
            hovertemplate="at %{x:.1f} s, %{z} dB<extra></extra>",
        )
    )
    figure.update_layout(_layout(height=230, margin={**_SIDES, "t": 4, "b": 30}))
    places = np.interp(list(PITCHES), centres_hz, np.arange(bands))
    has_label = np.diff(places, prepend=-bands) > bands / 20  # low labels would overlap
    figure.update_yaxes(
        tickvals=places[has_label],
        ticktext=np.array(list(PITCHES.values()))[has_label],
        range=[-0.5, bands - 0.5],
        fixedrange=True,
        showgrid=False,
    )
    figure.update_xaxes(_time_axis(duration_s, begin_s))
    return figure


def why_spectrogram(
    picture: np.ndarray, centres_hz: np.ndarray, explanation: "Explanation", begin_s: float = 0.0
) -> go.Figure:
    """Draw the mel-spectrogram of the explained part, dimmed where the saliency for the genre is low.

    A frame marks the span that is most like the genre.
    """
    start_s, end_s = explanation.part
    duration_s = end_s - start_s
    figure = spectrogram(picture, centres_hz, duration_s, begin_s + start_s)
    rows = np.interp(explanation.freqs, centres_hz, np.arange(len(centres_hz)))
    times = begin_s + explanation.times
    figure.add_heatmap(
        z=np.round(255 * np.sqrt(explanation.map)).astype(np.uint8),
        zmin=0,
        zmax=255,
        x0=times[0],
        dx=duration_s / len(times),
        y0=rows[0],
        dy=(rows[-1] - rows[0]) / (len(rows) - 1),
        colorscale=[[0, "rgba(5,4,15,0.78)"], [0.3, "rgba(5,4,15,0.5)"], [1, "rgba(5,4,15,0)"]],
        showscale=False,
        hoverinfo="skip",
    )
    first_s, last_s = (begin_s + edge for edge in explanation.best_span)
    figure.add_shape(
        type="rect",
        x0=first_s,
        x1=last_s,
        y0=0,
        y1=1,
        yref="paper",
        line={"color": COLOURS.get(explanation.genre, QUIET), "width": 2},
    )
    return figure


def _layout(**layout) -> dict:
    return {
        "paper_bgcolor": "rgba(0,0,0,0)",
        "plot_bgcolor": "rgba(0,0,0,0)",
        "dragmode": False,
        "showlegend": False,
        **layout,
    }


def _time_axis(duration_s: float, begin_s: float) -> dict:
    """Make an axis in minutes and seconds, at most six ticks."""
    steps = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1_800, 3_600)
    step = next((s for s in steps if duration_s / s <= 6), 7_200)
    end_s = begin_s + duration_s
    ticks = np.arange(np.ceil(begin_s / step) * step, end_s + 0.01, step)
    return {
        "range": [begin_s, end_s],
        "tickvals": ticks,
        "ticktext": [clock(t) for t in ticks],
        "hoverformat": ".1f",
        "ticksuffix": "",
        "fixedrange": True,
        "showgrid": False,
        "zeroline": False,
        "unifiedhovertitle": {"text": "at %{x:.1f} s"},
    }
