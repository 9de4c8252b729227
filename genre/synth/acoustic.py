"""The older styles of the built-in dataset: blues, classical, country, jazz.

Each style is one function that lets a band play and fills its mix; the first lines choose
instruments at random, so that no two seeds share a sound. Related styles share instruments and tempi
on purpose.
"""

import numpy as np

from genre.synth.band import Band, Channel, changes


def blues(band: Band) -> None:
    """Twelve-bar shuffle with a blue-note lead."""
    second, last = band.pick(0, 5), band.pick(0, 7)
    progression = changes(f"0:7 {second}:7 0:7 0:7 5:7 5:7 0:7 0:7 7:7 5:7 0:7 {last}:7")
    alone = band.chance(0.6)  # whether one guitar and a foot play alone
    guitar = (
        band.timbre("steel", "slide", "steel")
        if alone
        else band.timbre("electric", "electric", "brightpiano")
    )
    bass = band.timbre("upright", "bass")
    walking = band.chance(0.5)
    turn = band.pick((0, 4, 7, 9), (0, 4, 9, 7), (0, 7, 9, 10))
    for number, first in band.bars():
        root, quality = progression[number % 12]
        low = band.key + root - (12 if root > 6 else 0)
        for half in range(8):
            beat = first + half / 2
            if band.chance(0.9 if half % 2 == 0 else 0.6):
                lift = (7, 7, 9, 9, 10, 9, 9, 7)[half]
                band.chord(
                    "chords",
                    guitar,
                    [low + 12 * (not alone), low + lift + 12 * (not alone)],
                    beat,
                    0.3,
                    0.9 if half % 2 == 0 else 0.5,
                    0.008,
                )
        if alone and band.chance(0.7):
            band.chord(
                "chords",
                guitar,
                band.voicing(root, quality, 62),
                first + band.pick(1.5, 2.5, 3),
                0.9,
                0.7,
                -0.012,
            )
        for step in range(4):
            pitch = low - 12 + (turn[step] if walking else (0, 0, 7, 7)[step])
            if not alone:
                band.play("bass", bass, pitch, first + step, 0.9)
    if alone:
        band.groove({"stomp": "x...x...x...x..."}, {}, fills=0)
    else:
        ride = band.pick("hat", "ride", "hat", "hat")
        band.groove(
            {"kick": "x...-...x...-...", "snare": "....x.......x...", ride: "x.-.x.-.x.-.x.-."},
            {"kick": 0.9, "snare": 0.9, ride: 0.3},
            fills=12,
            change=0.03,
        )
        band.mix["bass"] = Channel(-3, 0.03)
    band.mix["drums"] = Channel(-14 if alone else -3, 0.12)
    band.mix["chords"] = Channel(-1 if alone else -5, 0.12, band.pick(0, 0, 1.5), low=70)
    band.solo(
        progression,
        "blues",
        ("electric", "harmonica", "slide", "saxophone"),
        1.2,
        62,
        0.65,
        0.4,
        band.pick(0, 0, 1.5),
        2 if alone else 1,
        rest=0.5,
    )


def classical(band: Band) -> None:
    """Arpeggios and melody over functional harmony, with rubato and long dynamics."""
    minor = band.chance(0.4)
    progression = band.pick(changes("0 5 7:7 0 9:min 2:min 7:7 0"), changes("0 7 9:min 4:min 5 0 5 7:7"))
    if minor:
        progression = changes("0:min 5:min 7:7 0:min 8 5:min 7:7 0:min")
    scene = band.pick("piano", "quartet", "orchestra", "guitar", "harpsichord", "duo")
    arpeggio = band.timbre(
        {"piano": "piano", "guitar": "nylon", "harpsichord": "harpsichord", "duo": "piano"}.get(
            scene, band.pick("harp", "pizzicato")
        )
    )
    top = band.timbre(
        {"piano": "piano", "guitar": "nylon", "harpsichord": "harpsichord"}.get(
            scene, band.pick("violin", "flute", "clarinet", "violin")
        )
    )
    body, horns = band.timbre("strings"), band.timbre("brass")
    figure = band.pick((0, 1, 2, 1, 3, 1, 2, 1), (0, 2, 1, 2, 0, 2, 1, 2), (0, 1, 2, 3, 2, 1, 2, 3))
    bowed = scene in ("quartet", "orchestra")
    for number, first in band.bars():
        root, quality = progression[number % len(progression)]
        chord = band.voicing(root, quality, 57)
        chord = [*chord, chord[0] + 12]
        swell = 10 ** (0.35 * np.sin(number * 0.7 + band.origin) - 0.3)  # the swell spans 14 dB
        if bowed:
            band.chord("body", body, [*chord[:3], chord[0] - 12], first, 3.9, swell)
            if scene == "orchestra" and band.chance(0.6):
                band.chord(
                    "body",
                    horns if band.chance(0.2) else body,
                    [p + 12 for p in chord[:3]],
                    first + band.pick(0, 2),
                    1.9,
                    swell * 0.7,
                )
        if not bowed or number % 8 < 4:
            band.play("arpeggio", arpeggio, band.key + root - 12 * (root > 5), first, 3.5, 0.9 * swell)
            for step in range(8):
                band.play("arpeggio", arpeggio, chord[figure[step]], first + step / 2, 0.9, 0.6 * swell)
    notes = band.melody(
        progression, "harmonic" if minor else "major", 65, 84, band.pick(0.6, 1.0, 2.0), rest=0.1
    )
    for beat, length, pitch in notes:
        band.play("melody", top, pitch, beat, length * 1.05, 10 ** (0.3 * np.sin(beat * 0.2) - 0.25))
        if bowed and band.rng.random() < 0.5:
            band.play("melody", body, pitch - band.pick(3, 4, 8, 9), beat, length, 0.4)
    wet = band.rng.uniform(0.25, 0.6)
    band.mix.update(
        arpeggio=Channel(-5 if bowed else -1, wet), melody=Channel(0, wet), body=Channel(-1, wet, high=7_500)
    )


def country(band: Band) -> None:
    """Train beat or boom-chick, alternating bass, strummed steel strings and a twanging lead."""
    progression = band.pick(changes("0 0 5 0 0 0 7 0"), changes("0 5 0 7"), changes("0 9:min 5 7"))
    strings, bass = band.timbre("steel"), band.timbre("bass", "upright", "pickbass")
    fill = band.timbre("twang", "banjo", "steelguitar", "fiddle", "brightpiano")
    busy, pad = band.chance(0.75), band.timbre("steelguitar", "organ", "strings", "pad")
    backing = band.chance(0.65)
    for number, first in band.bars():
        root, quality = progression[number % len(progression)]
        low = band.key + root - 12 * (root > 5)
        chord = [*band.voicing(root, quality, 59), band.voicing(root, quality, 59)[0] + 12]
        for step in (0, 2):
            band.play("bass", bass, low - 12 + (7 if step and root != 7 else 0), first + step, 1.95)
        for step in range(8):
            strong = step % 4 == 2
            if strong or (busy and step % 2) or band.chance(0.25):
                band.chord(
                    "chords",
                    strings,
                    chord,
                    first + step / 2,
                    1.1 if strong else 0.6,
                    1.0 if strong else 0.55,
                    0.007 if step % 2 == 0 else -0.007,
                )
        if backing:
            band.chord("held", pad, chord[:3], first, 3.9, 0.8)
        if band.chance(0.5):
            for step in range(band.pick(4, 8)):
                band.play("fill", fill, band.pick(*chord) + 12, first + step / 2, 0.5, 0.8)
    train = band.pick("x-o-x-o-x-o-x-oo", "o-x-o-x-o-x-o-x-", "....x.......x...")
    band.groove(
        {
            "kick": "x.......x.......",
            "snare": train,
            "hat": band.pick("x.x.x.x.x.x.x.x.", "x-o-x-o-x-o-x-o-"),
        },
        {"kick": 0.9, "snare": 0.5 if train[0] != "." else 0.9, "hat": 0.35},
        fills=8,
    )
    band.mix.update(
        drums=Channel(-5, 0.1),
        bass=Channel(-2, 0.03),
        chords=Channel(-6, 0.1, low=120),
        held=Channel(-9, 0.3, low=200),
        fill=Channel(-7, 0.25, band.pick(0, 0, 1), low=150),
    )
    band.solo(progression, "penta", ("twang", "fiddle", "steelguitar", "harmonica"), 1.1, 62, 0.8, level=3)


def jazz(band: Band) -> None:
    """Swing ride, walking bass, seventh-chord comping and an improvised line."""
    progression = band.pick(
        changes("2:min7 7:7 0:maj7 9:7"),
        changes("0:maj7 9:min7 2:min7 7:9"),
        changes("0:min7 5:7 10:maj7 3:maj7 2:dim 7:7 0:min7 0:min7"),
        changes("0:7 5:9 0:7 0:7 5:9 6:dim 0:7 9:7 2:min7 7:9 0:7 7:7"),
    )
    piano = band.timbre("piano", "electric", "brightpiano", "piano")
    horn = band.timbre("saxophone", "trumpet", "clarinet", "saxophone", "piano", "electric")
    bass, section = band.timbre("upright"), band.timbre("brass", "saxophone")
    big, drums = band.chance(0.3), band.chance(0.8)
    for number, first in band.bars():
        root, quality = progression[number % len(progression)]
        target = progression[(number + 1) % len(progression)][0]
        low = band.key - 12 + (root if root < 8 else root - 12)
        third = 3 if quality.startswith(("min", "dim")) else 4
        walk = [low, low + band.pick(third, 2, 7), low + band.pick(7, third, 9)]
        following = band.key - 12 + (target if target < 8 else target - 12)
        approach = following + band.pick(-1, 1, 2)
        for step, pitch in enumerate([*walk, approach]):
            band.play("bass", bass, pitch, first + step, 0.95)
        chord = band.voicing(root, quality, 61)
        for beat in band.pick((0.5, 2.5), (1, 3.5), (0, 1.5), (1.5, 3), (0, 2.5, 3.5)):
            band.chord("comp", piano, chord, first + beat, band.pick(0.4, 0.9, 1.5), 0.7)
        if big and number % 4 in (1, 3):
            for beat in band.pick((0, 1.5), (0.5, 2, 3.5), (1, 2.5)):
                band.chord(
                    "section", section, [p + 8 for p in band.voicing(root, quality, 60)], first + beat, 0.6
                )
    if drums:
        ride = band.pick("ride", "ride", "brush")
        band.groove(
            {
                ride: "x.x-x.x-" if ride == "ride" else "x.xox.xo",
                "hat": "..x...x.",
                "kick": "-.-.-.-.",
                "snare": "...-....",
            },
            {ride: 0.5, "hat": 0.4, "kick": 0.4, "snare": 0.4},
            fills=8,
            change=0.1,
        )
        band.mix["drums"] = Channel(-8, 0.2)
    who = band.chance(0.15)
    notes = band.melody(
        progression,
        "bebop" if progression[0][1] != "min7" else "dorian",
        58,
        79,
        band.pick(0.8, 1.5, 2.5),
        rest=0.2,
        leap=3,
    )
    if who:
        person, bottom = band.singer()
        band.voice("lead", person, band.melody(progression, "major", bottom, bottom + 14, 0.8, rest=0.2))
    else:
        band.line("lead", horn, notes)
    wet = band.rng.uniform(0.1, 0.35)
    band.mix.update(
        bass=Channel(-2, 0.06), comp=Channel(-6, wet), section=Channel(-4, wet), lead=Channel(0, wet, low=120)
    )
