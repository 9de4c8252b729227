"""The quality of the model, in words for everybody, out of the card beside the weights."""

from dataclasses import dataclass
from pathlib import Path

import streamlit as st

from genre.data.protocols import FOLD_PROTOCOLS
from genre.models.cards import ArtefactError, Card, load_card
from genre.paths import PROMOTED, WEIGHTS, home
from genre.text import genre_name
from pages.listening.answer.marks import best, share_bars
from pages.shared.browser.scripts import open_linked
from pages.shared.style import ANSWER

MEASURED = "listen-train"  # the same recipe as the Listen page's model, trained on the train list alone
MIN_CONFUSION = 0.1  # share of a genre's pieces taken for another one that is worth a word


def show_model_card(name: str | None) -> None:
    """Show an expander about the promoted model `name`, or the one that came with Earmark."""
    folder = _folder(name)
    st.html(
        '<div id="how-good" style="scroll-margin-top: 4.75rem"></div>'
    )  # the link below an answer leads here
    open_linked("how-good", "how_good")
    with st.expander("How good is this model?", icon=":material/info:", key="how_good"):
        text = card_text(folder, is_stand_in=name is None)
        summary = card_summary(folder)
        if summary:
            sentence, genres, counts = summary
            st.markdown(f"**{sentence}**")
            st.html(ANSWER + share_bars(best(genres, len(genres))))
            few = " and ".join(genre_name(genre) for genre in sorted(counts, key=counts.__getitem__)[:2])
            st.caption(
                f"How many of each genre it named right, of {sum(counts.values())} in all. There were few "
                f"of some genres, the fewest of {few}: there the figure says little."
            )
        if not summary or st.toggle("Tell me more", key="model_card_text"):
            st.markdown(text or "Nothing is written down about this one.")


def _folder(name: str | None) -> Path:
    return WEIGHTS / MEASURED if name is None else home() / PROMOTED / name


@dataclass(frozen=True)
class TrackRecord:
    """How many answers were right in a test, of those that were as sure as the present one."""

    n_right: int
    n_answers: int
    pieces: str
    confident: bool

    @property
    def sentence(self) -> str:
        """The whole of it, for the page."""
        whether = "it was sure" if self.confident else "it was less than sure"
        return (
            f"Tested on {self.pieces}, it was right {self.n_right} times of {self.n_answers} when {whether}."
        )

    @property
    def summary(self) -> str:
        """A few words for a room."""
        return f"{self.n_right} of {self.n_answers} such answers were right"


def track_record(name: str | None, confident: bool) -> TrackRecord | None:
    """Count the answers that were right in the test of the promoted model `name`, or of the one that came
    with Earmark. None where no test is honest, or where it counted no such answers.
    """
    try:
        card = load_card(_folder(name))
        others = card.metrics.get("other_collections")
        metrics = others or card.metrics["by_track"]
        count, coverage = int(metrics["count"]), float(metrics["coverage"])
        n_right, n_sure = round(count * metrics["accuracy"]), round(count * coverage)
        n_right_sure = round(n_sure * metrics["selective_accuracy"]) if n_sure else 0
        is_leaky = card.split.get("leaky")
    except (ArtefactError, KeyError, TypeError, ValueError):
        return None
    of, right = (n_sure, n_right_sure) if confident else (count - n_sure, n_right - n_right_sure)
    if is_leaky or not 0 <= right <= of or of == 0:
        return None
    return TrackRecord(
        right, of, "other people's songs" if others else "pieces it had never heard", confident
    )


def card_summary(folder: Path) -> tuple[str, dict[str, float], dict[str, int]] | None:
    """One sentence, and the share of each genre's songs that it names rightly; None where no test is honest.

    Of songs of other people's collections where it was tested on some: they are most like a visitor's.
    """
    try:
        card = load_card(folder)
        if card.split.get("leaky"):
            return None
        others = card.metrics.get("other_collections")
        metrics = others or card.metrics["by_track"]
        present = _present(metrics["genres"])
        genres = {genre: float(one["recall"]) for genre, one in present.items()}
        counts = {genre: int(one["count"]) for genre, one in present.items()}
        tenths = round(10 * metrics["accuracy"])
    except (ArtefactError, KeyError, TypeError, ValueError):
        return None
    songs = "songs of other people's collections" if others else "pieces"
    return f"Of ten {songs} that it had never heard, it named about {tenths} right.", genres, counts


def card_text(folder: Path, is_stand_in: bool = False) -> str:
    """Write Markdown from the card in `folder`; empty where it has no metrics.

    `is_stand_in`: the page's model was trained on the test pieces too, and the metrics are those of
    another one that was not.
    """
    try:
        card = load_card(folder)
        metrics = card.metrics["by_track"]
        genres: dict[str, dict] = metrics["genres"]
        is_leaky = bool(card.split.get("leaky"))
        is_folded = card.split.get("name") in FOLD_PROTOCOLS
        origin = _pretrained_origin(card) if card.pretrained else _origin(card, is_folded, is_stand_in)
        paragraphs = [origin, _overall(metrics, is_leaky, is_folded), _other_songs(card)]
        if not is_leaky:
            paragraphs += [_table(genres), _confusions(metrics, tuple(genres)), _confidence(card)]
    except (ArtefactError, KeyError, TypeError, ValueError):
        return ""
    return "\n\n".join(paragraph for paragraph in paragraphs if paragraph)


def _pretrained_origin(card: Card) -> str:
    split = card.split
    return (
        "Its foundation is a network that other researchers trained on 200,000 songs, to guess the words "
        "that listeners give to music. On top of it ours learnt ten genres from "
        f"{split['gtzan_tracks'] + split['resynthesized_tracks']} pieces of GTZAN, a collection put "
        f"together around the year 2000, and from {split['wild_tracks']} songs of other collections. The "
        "model on this page went on to learn from the test pieces too; these figures are those of its twin "
        "that did not. "
        "The 200,000 songs may hold some of GTZAN's."
    )


def _other_songs(card: Card) -> str:
    """Describe its results on songs of other collections; empty where it was not measured on any."""
    others = card.metrics.get("other_collections")
    if not others:
        return ""
    low, high = others["accuracy_interval"]
    strange = others["other_styles"]
    text = (
        f"**Of {others['count']} songs of other people's collections it named "
        f"{100 * others['accuracy']:.0f} % rightly.** With other songs it might be {100 * low:.0f} to "
        f"{100 * high:.0f} %."
    )
    if others["selective_accuracy"] is not None:
        text += (
            f" It called itself sure of {100 * others['coverage']:.0f} in 100, and was right in "
            f"{100 * others['selective_accuracy']:.0f} % of those."
        )
    return text + (
        f" Of {strange['count']} songs of none of the ten genres it gave {strange['confident']} a sure one."
        f"\n\n{_table(_present(others['genres']))}\n\nOn GTZAN's own pieces:"
    )


def _present(genres: dict[str, dict]) -> dict[str, dict]:
    return {genre: one for genre, one in genres.items() if one["count"]}


def _origin(card: Card, is_folded: bool, is_stand_in: bool) -> str:
    data = {
        "gtzan": "GTZAN, a collection of half-minute pieces put together around the year 2000",
        "builtin": "the built-in music that Earmark's synthesiser plays",
    }.get(str(card.data.get("name")), "a collection of its own")
    n_tracks = card.split["test_tracks" if is_folded else "train_tracks"]
    text = f"It learnt from {n_tracks} pieces of {data}, and knows nothing else."
    if is_folded:
        text += (
            " These figures are those of five siblings: each learnt without a fifth of the pieces, and "
            "was tested on that fifth."
        )
    if is_stand_in:
        text += (
            " The model on this page went on to learn from the test pieces too; these figures are "
            "those of its twin that did not."
        )
    return text


def _overall(metrics: dict, is_leaky: bool, is_folded: bool) -> str:
    low, high = metrics["accuracy_interval"]
    it = "they" if is_folded else "it"
    if is_leaky:
        return (
            "**How often it is right with new music, nobody knows.** Its test held pieces of recordings it "
            f"had learnt from: that it named {100 * metrics['accuracy']:.0f} % of them says nothing."
        )
    return (
        f"**Of {metrics['count']} pieces {it} had never heard, {it} named {100 * metrics['accuracy']:.0f} % "
        f"rightly.** With other pieces it might be {100 * low:.0f} to {100 * high:.0f} %. Guessing would "
        f"name one of {len(metrics['genres'])} rightly."
    )


def _table(genres: dict[str, dict]) -> str:
    rows = ["| | It finds, of 100 such pieces | It is right, of 100 times it says so |", "|:--|--:|--:|"]
    for genre, one in sorted(genres.items(), key=lambda item: -item[1]["recall"]):
        rows.append(
            f"| {genre_name(genre).capitalize()} | {100 * one['recall']:.0f} | {100 * one['precision']:.0f} |"
        )
    return "\n".join(rows)


def _confusions(metrics: dict, genres: tuple[str, ...]) -> str:
    """Describe what is taken for what, where the card has the counts; else what it finds hardest."""
    confusion = metrics.get("confusion")
    if not confusion:
        recalls = {genre: metrics["genres"][genre]["recall"] for genre in genres}
        hardest = [genre for genre in sorted(genres, key=recalls.__getitem__) if recalls[genre] < 1][:3]
        return f"It has most trouble with {_join(hardest)}." if hardest else "It missed none of them."
    mistakes = [
        (count / max(1, sum(row)), true, other)
        for true, row in zip(genres, confusion, strict=True)
        for other, count in zip(genres, row, strict=True)
        if true != other and count / max(1, sum(row)) >= MIN_CONFUSION
    ]
    worst = [
        f"{genre_name(true)} for {genre_name(other)} ({100 * share:.0f} of 100)"
        for share, true, other in sorted(mistakes, reverse=True)[:5]
    ]
    return f"It most often takes {_join(worst)}." if worst else "It confuses no two genres often."


def _confidence(card: Card) -> str:
    """Describe selective accuracy and coverage: on the test pieces, or else on those of the calibration."""
    by_track = card.metrics["by_track"]
    selective = by_track if "coverage" in by_track else card.calibration
    if selective.get("selective_accuracy") is None:
        return ""
    shorter = ""
    thresholds = sorted(card.confidence_thresholds_by_duration) or [(0.0, 0.0)]
    (shortest_s, highest), (_, lowest) = thresholds[0], thresholds[-1]
    if lowest < highest < 1:
        shorter = (
            f" The less it hears, the surer it must be: of half a minute it tells a genre as sure from "
            f"{100 * lowest:.0f} % on, of {shortest_s:.0f} seconds from {100 * highest:.0f} %."
        )
    return (
        f"It says that it is not sure rather than guess: it calls itself sure of "
        f"{100 * selective['coverage']:.0f} pieces in 100, and is right in "
        f"{100 * selective['selective_accuracy']:.0f} % of those.{shorter}"
    )


def _join(genres: list[str]) -> str:
    names = [genre_name(genre) for genre in genres]
    return names[0] if len(names) == 1 else ", ".join(names[:-1]) + f" and {names[-1]}"
