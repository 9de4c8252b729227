"""How the Listen page shows a genre and how sure it is: colour, mark, words."""

from html import escape
from typing import TYPE_CHECKING, Any

from genre.text import clock, genre_name, percent

if TYPE_CHECKING:
    import pandas as pd

    from genre.inference.classifier import Prediction
    from genre.inference.live import LivePrediction

# Material symbols, which Streamlit brings along: no genre is told by its colour alone.
MARKS = {
    "blues": "nights_stay",
    "classical": "piano",
    "country": "agriculture",
    "disco": "celebration",
    "hiphop": "mic_external_on",
    "jazz": "nightlife",
    "metal": "bolt",
    "pop": "star",
    "reggae": "beach_access",
    "rock": "local_fire_department",
}
OTHER_MARK = "music_note"  # of a genre of the visitor's own
N_BEST = 3
MAX_ROWS, MAX_GENRES = 30, 4  # of the table of genres over time, which fits a phone


def genre_mark(genre: str) -> str:
    """Return the name of the genre's symbol."""
    return MARKS.get(genre, OTHER_MARK)


def colour_of(genre: str) -> str:
    """Return the genre's colour."""
    from genre.plots.prediction import COLOURS, QUIET  # takes a while

    return COLOURS.get(genre, QUIET)


def best(probabilities: dict[str, float], count: int = N_BEST) -> list[dict[str, Any]]:
    """Describe the likeliest genres, for a list of bars."""
    ranked = sorted(probabilities, key=lambda genre: -probabilities[genre])[:count]
    return [
        {
            "name": genre_name(genre).capitalize(),
            "mark": genre_mark(genre),
            "colour": colour_of(genre),
            "share": round(probabilities[genre], 4),
            "percent": percent(probabilities[genre]),
        }
        for genre in ranked
    ]


def forming_answer(prediction: "Prediction | LivePrediction") -> dict[str, Any] | None:
    """Describe a prediction of what was heard so far, for the recorder; None without a genre."""
    genre, probabilities = prediction.genre, prediction.probabilities
    if genre is None:
        return None
    return {
        "name": genre_name(genre).capitalize(),
        "mark": genre_mark(genre),
        "colour": colour_of(genre),
        "certainty": f"{prediction.certainty} so far, {percent(probabilities[genre])}",
        "bars": best(probabilities),
    }


def answer_html(prediction: "Prediction", note: str = "", played: str = "", record: str = "") -> str:
    """Write the genre, how sure the model is, and a note; for a room what was played and the model's record.

    pages/shared/style.py has its style.
    """
    genre = prediction.genre or ""
    share = percent(prediction.probabilities[genre])
    if not prediction.description.familiar:
        share += '<span class="answer-condition">, if it has to be one of them</span>'
    played_html = (
        f'<p class="answer-played"><i aria-hidden="true">music_note</i>{escape(played)}</p>' if played else ""
    )
    record_html = f'<span class="answer-record">, {escape(record)}</span>' if record else ""
    note_html = f'<p class="answer-lead answer-note">{escape(note)}</p>' if note else ""
    return (
        f'<div class="answer" style="--genre:{colour_of(genre)}">{played_html}'
        f'<p class="answer-lead">{lead(prediction)}</p>'
        f'<h2 class="answer-genre"><span class="answer-mark" aria-hidden="true">{genre_mark(genre)}</span>'
        f"<span>{escape(genre_name(genre).capitalize())}</span></h2>"
        f'<p class="answer-certainty"><b>{prediction.certainty}</b> {share}{record_html}</p>'
        f"{note_html}</div>"
    )


def bars_html(prediction: "Prediction") -> str:
    """Write the likeliest genres as bars."""
    return share_bars(best(prediction.probabilities))


def share_bars(bars: list[dict[str, Any]]) -> str:
    """Write bars as `best` has them."""
    rows = "".join(
        f"<span>{escape(bar['name'])}</span>"
        f'<i class="track"><i style="width:{100 * bar["share"]:.1f}%;background:{bar["colour"]}"></i></i>'
        f"<b>{bar['percent']}</b>"
        for bar in bars
    )
    return f'<div class="answer-bars">{rows}</div>'


def recording_message(message: str) -> str:
    """Write a prediction's message about a recording: silence may be the microphone's fault."""
    from genre.inference.classifier import SILENCE  # brings torch

    return f"{message} Is the microphone on, and the music loud enough?" if message == SILENCE else message


def lead(prediction: "Prediction") -> str:
    """Write the words before the genre."""
    if prediction.confident:
        return "This sounds like"
    return "This sounds most like" if prediction.description.familiar else "Unlike all ten. The nearest is"


def genres_over_time(prediction: "Prediction", begin_s: float) -> "pd.DataFrame":
    """List the likeliest genres in percent, by time in the recording; of many windows some."""
    import pandas as pd

    step = -(-len(prediction.window_times_s) // MAX_ROWS)
    over_time, times_s = prediction.window_probabilities[::step], prediction.window_times_s[::step]
    ranked = sorted(range(over_time.shape[1]), key=lambda k: -over_time[:, k].mean())[:MAX_GENRES]
    genres = tuple(prediction.probabilities)
    return pd.DataFrame(
        {
            genre_name(genres[k]).capitalize(): [percent(p) for p in over_time[:, k]]
            for k in ranked
            if over_time[:, k].max() >= 0.01
        },
        index=[clock(begin_s + time) for time in times_s],
    )


def moments_html(table: "pd.DataFrame") -> str:
    """Write such a table, its figures below the right end of their headings."""
    head = "".join(f"<th>{escape(name)}</th>" for name in table.columns)
    rows = "".join(
        f"<tr><th>{time}</th>{''.join(f'<td>{figure}</td>' for figure in row)}</tr>"
        for time, row in zip(table.index, table.itertuples(index=False), strict=True)
    )
    return f'<table class="answer-moments"><tr><th>Time</th>{head}</tr>{rows}</table>'
