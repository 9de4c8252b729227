"""How good the ear is, in words for everybody, out of the card beside the weights."""

from pathlib import Path

import streamlit as st

from genre.cards import ArtefactError, load_card
from genre.home import PROMOTED, WEIGHTS, home
from genre.names import spoken
from genre.protocols import FOLDED

MEASURED = "listen-train"  # the shipped ear's twin that learnt from the train list alone
OFTEN = 0.1  # of a genre's pieces taken for another one: worth a word


def show_model_card(ear: str | None) -> None:
    """An expander about the promoted model `ear`, or the shipped one."""
    folder = WEIGHTS / MEASURED if ear is None else home() / PROMOTED / ear
    with st.expander("How good is this ear?", icon=":material/info:"):
        words = card_in_words(folder, has_twin=ear is None)
        st.markdown(words or "Nothing is written down about this one.")


def card_in_words(folder: Path, has_twin: bool = False) -> str:
    """Markdown from the card in `folder`; empty where it has no figures.

    `has_twin`: the page's ear learnt from the test pieces too, and the figures are its twin's.
    """
    try:
        card = load_card(folder)
        figures = card["figures"]["by_track"]
        genres: dict[str, dict] = figures["genres"]
        leaky = bool(card["split"].get("leaky"))
        parts = [_origin(card, has_twin), _overall(figures, leaky, card["split"].get("name") in FOLDED)]
        if not leaky:
            parts += [_table(genres), _confusions(figures, tuple(genres)), _caution(card)]
    except (ArtefactError, KeyError, TypeError, ValueError):
        return ""
    return "\n\n".join(part for part in parts if part)


def _origin(card: dict, has_twin: bool) -> str:
    split = card["split"]
    data = {"gtzan": "GTZAN, a collection of half-minute pieces put together around the year 2000",
            "builtin": "the built-in music that our synthesiser plays"}.get(
                str(card.get("data", {}).get("name")), "a collection of its own")  # fmt: skip
    folded = split.get("name") in FOLDED
    learnt_from = split["test_tracks" if folded else "train_tracks"]
    words = f"It learnt from {learnt_from} pieces of {data}, and knows nothing else."
    if folded:
        words += (" These figures are those of five siblings: each learnt without a fifth of the pieces, and "
                  "was tested on that fifth.")  # fmt: skip
    if has_twin:
        words += (" The ear on this page went on to learn from the test pieces too; these figures are "
                  "those of its twin that did not.")  # fmt: skip
    return words


def _overall(figures: dict, leaky: bool, folded: bool) -> str:
    low, high = figures["accuracy_interval"]
    it = "they" if folded else "it"
    if leaky:
        return (
            "**How often it is right with new music, nobody knows.** Its test held pieces of recordings it "
            f"had learnt from: that it named {100 * figures['accuracy']:.0f} % of them says nothing."
        )
    return (
        f"**Tested on {figures['count']} pieces {it} had never heard, {it} named "
        f"{_of_ten(figures['accuracy'])} rightly**: {100 * figures['accuracy']:.0f} %, and with other "
        f"pieces it might have been anything from {100 * low:.0f} to {100 * high:.0f} %. Guessing would be "
        f"right in one of {len(figures['genres'])}."
    )


def _of_ten(share: float) -> str:
    numbers = ("hardly any", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine",
               "nearly all")  # fmt: skip
    tenths = round(10 * share)
    return f"about {numbers[tenths]} of ten" if 0 < tenths < 10 else "all" if share == 1 else numbers[tenths]


def _table(genres: dict[str, dict]) -> str:
    rows = ["| | Of 100 such pieces it finds | When it says so, it is right |", "|:--|--:|--:|"]
    for genre, one in sorted(genres.items(), key=lambda item: -item[1]["recall"]):
        rows.append(f"| {spoken(genre).capitalize()} | {100 * one['recall']:.0f} | "
                    f"{100 * one['precision']:.0f} times of 100 |")  # fmt: skip
    return "\n".join(rows)


def _confusions(figures: dict, genres: tuple[str, ...]) -> str:
    """What is taken for what, where the card has the counts; else what it finds hardest."""
    confusion = figures.get("confusion")
    if not confusion:
        hardest = sorted(genres, key=lambda genre: figures["genres"][genre]["recall"])[:3]
        return f"It has most trouble with {_listed(hardest)}."
    mistakes = [
        (count / max(1, sum(row)), true, named)
        for true, row in zip(genres, confusion, strict=True)
        for named, count in zip(genres, row, strict=True)
        if true != named and count / max(1, sum(row)) >= OFTEN
    ]
    worst = [
        f"{spoken(true)} for {spoken(named)} ({100 * share:.0f} of 100)"
        for share, true, named in sorted(mistakes, reverse=True)[:5]
    ]
    return f"It most often takes {_listed(worst)}." if worst else "It confuses no two genres often."


def _caution(card: dict) -> str:
    """What a sure answer is worth: on the test pieces, or else on those the line was drawn by."""
    figures = card["figures"]["by_track"]
    told = figures if "coverage" in figures else card.get("calibration", {})
    if told.get("right_when_sure") is None:
        return ""
    less = ""
    lines = sorted(card.get("sure_above_by_length") or [(0, 0)])
    (seconds, least), (_, whole) = lines[0], lines[-1]
    if whole < least < 1:
        less = (f" The less it hears, the surer it must be: of half a minute it tells a genre as sure from "
                f"{100 * whole:.0f} % on, of {seconds:.0f} seconds from {100 * least:.0f} %.")
    return (
        f"It says that it is not sure rather than guess: it calls itself sure of "
        f"{100 * told['coverage']:.0f} pieces in 100, and is right in "
        f"{100 * told['right_when_sure']:.0f} % of those.{less}"
    )


def _listed(words: list[str]) -> str:
    words = [spoken(word) for word in words]
    return words[0] if len(words) == 1 else ", ".join(words[:-1]) + f" and {words[-1]}"
