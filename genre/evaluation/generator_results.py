"""The section on the generator in RESULTS.md, from its card: genre, distance, sound, moods, tempo and key."""

from collections.abc import Callable

from genre.evaluation.report import markdown_table, percent, percent_range
from genre.models.cards import Card

SOUND_SOURCES = {
    "real_recorded": "Real recordings",
    "real_resynthesized": "Real clips through mel and back",
    "generated": "Generated",
    "dcgan": "Plain DCGAN",
}
SOUND_FIGURES = {
    "pulse_strength": "pulse: strength of the best tempo",
    "pulse_steadiness": "pulse: share of moments with that tempo",
    "harmonic_db": "notes: harmonic energy beside the rest, dB",
    "pitched": "notes: share of frames with a lasting pitch",
    "seam_level": "seams: jump of level beside other places",
    "seam_spectrum": "seams: jump of spectrum beside other places",
    "development": "development: distant beside neighbouring parts",
}
KEY_RELATIONS = {
    "same": "the requested key",
    "fifth": "a fifth above or below, which counts as wrong",
    "relative": "relative key, wrong",
    "parallel": "parallel key, wrong",
    "other": "another key, wrong",
}


def generator_section(card: Card) -> str:
    """Write the section of a generator's card: genre, distance, and the further parts that were measured."""
    metrics = card.metrics
    rows = []
    for duration, part in metrics["genre_accuracy"].items():
        cells = []
        for source in ("generated", "real_resynthesized", "real_recorded"):
            values = part[source]
            accuracy, interval = percent(values["accuracy"]), percent_range(values["accuracy_interval"])
            cells.append(f"{accuracy} ({interval}) of {values['count']}")
        rows.append((duration, *cells))
    header = ("Duration", "Generated", "Real clips through mel and back", "Real recordings")
    distances = [
        (name, f"{part['frechet']:.1f}", f"{part['kernel']:.3f}")
        for name, part in metrics["distance"].items()
    ]
    text = (
        f"The reference classifier {metrics['reference_classifier']} names the requested genre, "
        f"{metrics['n_per_genre']} clips a genre:\n\n"
        + markdown_table(header, rows)
        + "\n\nDistance to real clips of the valid list, in the reference classifier's features:\n\n"
        + markdown_table(("Source", "Fréchet", "Kernel"), distances)
        + f"\n\nDiversity beside real clips of a genre: {metrics['diversity']['ratio']:.2f}."
    )
    parts = [text]
    if "sound" in metrics:
        parts.append(_sound_text(metrics["sound"]))
    if "moods" in metrics:
        parts.append(_moods_text(metrics["moods"]))
    if "tempo" in metrics:
        parts.append(_tempo_text(metrics["tempo"]))
    if "key" in metrics:
        parts.append(_key_text(metrics["key"]))
    return "\n\n".join(parts)


def before_and_now(earlier: Card, present: Card) -> str:
    """Write a table of the earlier and the present generator, measured by one command on the same clips."""
    rows = []
    for label, value in _COMPARED.items():
        try:
            rows.append((label, value(earlier.metrics), value(present.metrics)))
        except KeyError:  # a part that was not measured of one of them
            continue
    return "The earlier network, gan-first, and the present one:\n\n" + markdown_table(
        ("Measure", "Earlier", "Present"), rows
    )


def _genre_share(duration: str) -> Callable[[dict], str]:
    return lambda metrics: percent(metrics["genre_accuracy"][duration]["generated"]["accuracy"])


def _sound_figure(name: str) -> Callable[[dict], str]:
    return lambda metrics: _with_interval(metrics["sound"]["measures"]["generated"][name])


_COMPARED: dict[str, Callable[[dict], str]] = {
    "clips of 3 s named as the requested genre": _genre_share("3 s"),
    "clips of 10 s named as the requested genre": _genre_share("10 s"),
    "distance to real music, as a multiple of that of other real music": lambda metrics: _with_interval(
        metrics["sound"]["distance"]["sources"]["generated"]["times_real"]
    ),
    **{label: _sound_figure(name) for name, label in SOUND_FIGURES.items()},
    "diversity beside real clips of a genre": lambda metrics: f"{metrics['diversity']['ratio']:.2f}",
    "requested tempo detected within 4 %": lambda metrics: percent(metrics["tempo"]["all"]["right"]),
}


def _sound_text(sound: dict) -> str:
    """Write distance, pulse, notes and seams of each source, and the main figures of each genre."""
    figures, distance = sound["measures"], sound["distance"]
    counts = ", ".join(f"{SOUND_SOURCES[name].lower()} {count}" for name, count in sound["counts"].items())
    distances = [
        (
            SOUND_SOURCES[name],
            f"{row['frechet']['mean']:.1f}",
            f"{row['kernel']['mean']:.2f}",
            _with_interval(row["times_real"]),
        )
        for name, row in distance["sources"].items()
    ]
    measures = [
        (title, *(_with_interval(table[key]) for table in figures.values()))
        for key, title in SOUND_FIGURES.items()
    ]
    by_genre = [
        (genre, *(_genre_cell(table, genre) for table in figures.values()))
        for genre in figures["generated"]["pitched"]["genres"]
    ]
    names = [SOUND_SOURCES[name] for name in figures]
    return (
        f"The sound itself, clips of {sound['seconds']:g} s with levels matched ({counts}), intervals of "
        f"95 %. Distance to one half of the real music, {distance['clips_per_half']} clips, in "
        f"{sound['features']}, which no training of the generator has used; the axes are "
        f"{distance['components']} principal components of other real music:\n\n"
        + markdown_table(("Source", "Fréchet", "Kernel", "Times as far as the other half"), distances)
        + "\n\nMean over the genres:\n\n"
        + markdown_table(("Measure", *names), measures)
        + "\n\nBy genre: pulse strength; lasting pitch; harmonic dB; clips:\n\n"
        + markdown_table(("Genre", *names), by_genre)
    )


def _with_interval(part: dict) -> str:
    low, high = part["interval"]
    return f"{part['mean']:.2f} ({low:.2f} to {high:.2f})"


def _genre_cell(table: dict, genre: str) -> str:
    if genre not in table["pitched"]["genres"]:
        return ""
    strength, pitched, harmonic = (
        table[key]["genres"][genre]["mean"] for key in ("pulse_strength", "pitched", "harmonic_db")
    )
    count = table["pitched"]["genres"][genre]["count"]
    return f"{strength:.2f}; {pitched:.2f}; {harmonic:.1f}; {count}"


def _moods_text(moods: dict) -> str:
    rows = [
        (name, f"{percent(row['fraction'])} ({percent_range(row['interval'])}) of {row['count']}")
        for name, row in moods["pairs"].items()
    ]
    return (
        f"Moods: pairs of one seed and genre, clips of {moods['seconds']:g} s, none selected; how often the "
        f"feelings that {moods['classifier']} finds differ as wished:\n\n"
        + markdown_table(("Pair", "As wished"), rows)
    )


def _tempo_text(tempo: dict) -> str:
    names = {"Pieces with a pulse": tempo["with_pulse"], "All pieces": tempo["all"]}
    names |= {f"{name} a minute, with a pulse": row for name, row in tempo["bands"].items()}
    names |= {f"{name}, with a pulse": row for name, row in tempo["genres"].items()}
    rows = [
        (
            name,
            f"{percent(row['right'])} ({percent_range(row['interval'])}) of {row['count']}",
            percent(row["octave"]),
        )
        for name, row in names.items()
        if row["count"]
    ]
    return (
        "Tempo, for which time is stretched and the beats are accented: "
        f"pieces of {tempo['seconds']:g} s at beats a minute drawn from 60 to 180, none selected; how "
        f"often librosa's beat tracker hears the requested tempo within {100 * tempo['tolerance']:g} %, and "
        "how often half, double or three times as much, which counts as wrong:\n\n"
        + markdown_table(("Pieces", "As requested", "Half, double, threefold"), rows)
    )


def _key_text(key: dict) -> str:
    """Write how often the requested key is detected, and what it does to genre and notes."""
    sources = key["with_key"], key["without_key"]
    rows = [
        (title, *(_share_cell(source["relations"][name]) for source in sources))
        for name, title in KEY_RELATIONS.items()
    ]
    rows += [
        (f"{genre}: the requested key", *(_share_cell(source["genres"][genre]) for source in sources))
        for genre in sources[0]["genres"]
    ]
    rows.append(
        ("genre named as requested", *(_share_cell(source["genre_as_requested"]) for source in sources))
    )
    rows += [
        (SOUND_FIGURES[name], *(_with_interval(source["notes"][name]) for source in sources))
        for name in sources[0]["notes"]
    ]
    return (
        "Key, for which a share of the sound is played on its notes: pieces of "
        f"{key['seconds']:g} s in keys drawn from all 24, none selected, beside pieces of the same seeds "
        "without a key, which are compared with the same drawn keys; the key that the profiles of Krumhansl "
        "and Kessler find in librosa's chroma of the sound. Chance is 4.2 %. The genre is that of "
        f"{key['reference_classifier']}:\n\n" + markdown_table(("Measure", "With a key", "Without"), rows)
    )


def _share_cell(part: dict) -> str:
    return f"{percent(part['fraction'])} ({percent_range(part['interval'])}) of {part['count']}"
