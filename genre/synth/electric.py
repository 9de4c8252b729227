"""The younger styles of the built-in dataset: disco, hiphop, metal, pop, reggae, rock.

Each style is one function that lets a band play and fills its mix; the first lines choose
instruments at random, so that no two seeds share a sound. Related styles share instruments and tempi
on purpose.
"""

from genre.synth.band import Band, Channel, Line, Progression, changes


def disco(band: Band) -> None:
    """Four on the floor, off-beat open hats, octave bass and strings."""
    progression = band.pick(
        changes("0:min7 0:min7 5:7 5:7"),
        changes("0:min 8 10 7:7"),
        changes("0:min7 10 8:maj7 7:7"),
        changes("0:maj7 9:min7 2:min7 7:7"),
    )
    bass = band.timbre("bass", "synthbass", "pickbass")
    strings, scratch = band.timbre("strings", "strings", "pad"), band.timbre("skank", "rhodes")
    stabs = band.timbre("brass", "brightpiano", "saw")
    figure = band.pick("x.o.x.o.x.o.x.o.", "x..ox.o.x..ox.oo", "x.oo..o.x.oo..o.")
    comp = band.pick("..x..x.x..x..x.x", "x-.x-.x-x-.x-.x-", "..x-..x-..x-..x-")
    stab = band.pick("x..x..x.........", "..........x..x..", "x.......x..x....")
    for number, first in band.bars():
        root, quality = progression[number % len(progression)]
        low = band.key + root - 12 * (root > 6) - 12
        high, mid = band.voicing(root, quality, 74), band.voicing(root, quality, 62)
        for step in range(16):
            beat = first + step / 4
            if figure[step] != ".":
                band.play("bass", bass, low + (12 if figure[step] == "o" else 0), beat, 0.48)
            if comp[step] != ".":
                band.chord("comp", scratch, mid, beat, 0.2, 1 if comp[step] == "x" else 0.5, 0.003)
            if stab[step] == "x" and number % 4 > 1:
                band.chord("stabs", stabs, mid, beat, 0.4)
        band.chord("strings", strings, high[-2:], first, 3.8, 0.8)
        if band.chance(0.3):
            for step in range(8):
                band.play(
                    "strings", strings, high[-1] + (0, 2, 3, 5, 7, 5, 3, 2)[step], first + 2 + step / 4, 0.3
                )
    backbeat = band.pick("snare", "clap", "snare")
    band.groove(
        {
            "kick": "x...x...x...x...",
            backbeat: "....x.......x...",
            "open": "..x...x...x...x.",
            "hat": band.pick("x-.-x-.-x-.-x-.-", "x.-.x.-.x.-.x.-.", "xo-oxo-oxo-oxo-o"),
        },
        {"kick": 1.0, backbeat: 0.8, "open": 0.4, "hat": 0.3},
        fills=8,
        change=0.02,
    )
    band.mix.update(
        drums=Channel(0, 0.08),
        bass=Channel(-2, 0.03),
        comp=Channel(-9, 0.1, low=200),
        stabs=Channel(-9, 0.2),
        strings=Channel(-6, 0.3, low=200),
    )
    band.solo(progression, "minpenta", ("saw", "flute", "trumpet"), 1.1, 64, 0.75, level=-1)


def hiphop(band: Band) -> None:
    """Boom-bap at half time, swung hats, sub bass, a short loop and a spoken flow."""
    progression = band.pick(changes("0:min9 8:maj7"), changes("0:min7"), changes("0:min 5:min7"))
    loop, bass = (
        band.timbre("rhodes", "pizzicato", "harp", "strings", "brass", "bell"),
        band.timbre("subbass", "dubbass", "bass"),
    )
    cells = "".join(band.pick("x", ".", ".", "o") for _ in range(16))
    steps = [int(band.rng.integers(0, 5)) for _ in range(16)]
    kick = band.pick("x......x..x.....", "x.x.......x..x..", "x..x..x...x.....", "x.........xx....")
    line = band.pick((0, 0, 3, 5), (0, 7, 10, 0), (0, 0, 0, -2))
    for number, first in band.bars():
        root, quality = progression[number % len(progression)]
        chord = [*band.voicing(root, quality, 66), band.key + 36 + root]
        for step in range(16):
            if cells[step] != ".":
                band.play("loop", loop, chord[steps[step] % len(chord)], first + step / 4, 0.7)
        if band.chance(0.9):
            band.chord("loop", loop, chord[:3], first + 0.5, 2.5, 0.5)
        hits = [step for step in range(16) if kick[step] == "x"]
        for place, step in enumerate(hits):
            band.play("bass", bass, band.key - 12 + root % 7 + line[place % 4], first + step / 4, 1.9)
    band.groove(
        {
            "kick": kick,
            band.pick("snare", "snare", "clap"): "....x.......x...",
            "hat": band.pick("x.x.x.x.x.x.x.x.", "x.xxx.x.x.x.x.xx", "xoxoxoxoxoxoxoxo"),
        },
        {"kick": 1.3, "snare": 1.1, "clap": 1.0, "hat": 0.3},
        fills=0,
    )
    if band.chance(0.85):
        who, low = band.singer(0.15, band.rng.uniform(2, 6))
        flow: Line = []
        for number, first in band.bars():
            if number % 8 == 7:
                continue
            for step in range(16):
                if band.chance(0.85 if step % 4 == 0 else 0.68):
                    flow.append(
                        (first + step / 4, band.pick(0.2, 0.22, 0.45), low + band.pick(0, 1, 2, 3, 5))
                    )
        band.voice("voice", who, flow)
        band.mix["voice"] = Channel(2, 0.05, low=120)
    band.mix.update(drums=Channel(1, 0.05), bass=Channel(-2, 0.0), loop=Channel(-9, 0.12, high=5_000))


def metal(band: Band) -> None:
    """Low palm-muted riffs and distorted power chords over fast double kicks."""
    scale = band.pick((0, 1, 3, 5, 7, 8, 10), (0, 2, 3, 5, 7, 8, 11), (0, 2, 3, 5, 7, 8, 10))
    progression: Progression = [(int(band.pick(*scale[:6])), "5") if k % 4 else (0, "5") for k in range(4)]
    low = 35 + int(band.rng.integers(0, 6))
    band.key = low
    chug, open_ = band.timbre("muted"), band.timbre("lead")
    bass = band.timbre("pickbass")
    riff = band.pick(
        "xx.xx.xxxx.xx.xx", "x.xxx.xxx.xxx.xx", "xxxxxxxxxxxxxxxx", "X.xxX.xxX.xxXxxx", "X...X...X..xX..."
    )
    moves = [int(band.pick(0, 0, 0, 1, 3, 5, 6)) for _ in range(16)]
    chords_only, stops = band.chance(0.35), band.chance(0.5)
    for number, first in band.bars():
        root = progression[number // 2 % 4][0]
        is_sustained = chords_only or number % 8 > 5
        for step in range(16):
            beat, pitch = first + step / 4, low + root
            if stops and number % 4 == 3 and step > 11:
                continue
            if is_sustained and step % 8 == 0:
                band.power("guitar", open_, pitch + 5 * (step == 8 and band.chance(0.4)), beat, 1.95)
                band.power("second", open_, pitch, beat, 1.95)
            elif not is_sustained and riff[step] == "X":
                band.power("guitar", open_, pitch + moves[step], beat, 0.45)
                band.power("second", open_, pitch + moves[step], beat, 0.45)
            elif not is_sustained and riff[step] == "x":
                band.chord("guitar", chug, [pitch, pitch + 7], beat, 0.24)
                band.chord("second", chug, [pitch, pitch + 7], beat, 0.24)
            if step % 2 == 0:
                band.play("bass", bass, pitch - (12 if pitch > 38 else 0), beat, 0.45)
    feet = band.pick("xxxxxxxxxxxxxxxx", "x.xxx.xxx.xxx.xx", "xxx.xxx.xxx.xxx.", "x.x.x.x.x.x.x.x.")
    arms = band.pick("....x.......x...", "....x.......x...", "..x...x...x...x.", "x.x.x.x.x.x.x.x.")
    top = band.pick("hat", "ride", "crash", "open")
    band.groove(
        {"kick": feet, "snare": arms, top: "x...x...x...x..." if top == "crash" else "x.x.x.x.x.x.x.x."},
        {"kick": 0.7, "snare": 1.0, top: 0.4},
        fills=4,
    )
    drive = band.rng.uniform(6, 20)
    band.mix.update(
        drums=Channel(-2, 0.08),
        bass=Channel(-5, 0.0, 1.5),
        guitar=Channel(0, 0.06, drive, 75, band.rng.uniform(4_500, 6_500)),
        second=Channel(-1, 0.06, drive * 0.8, 75, band.rng.uniform(4_500, 6_500)),
    )
    if band.chance(0.6):
        who, bottom = band.singer(band.pick(0.3, 0.9, 1.3))
        notes = band.melody(changes("0:min"), "minpenta", bottom, bottom + 10, 1.4, rest=0.3)
        band.voice("voice", who, notes)
        band.mix["voice"] = Channel(-3, 0.15, band.pick(0, 3), low=150)
    else:
        notes = band.melody(changes("0:min"), "harmonic", 64, 86, band.pick(2.0, 3.5), rest=0.2)
        band.line("lead", open_, notes)
        band.mix["lead"] = Channel(-3, 0.25, 8, low=200, high=6_000)


def pop(band: Band) -> None:
    """Four bright chords under pads, a drum machine and a sung hook."""
    progression = band.pick(
        changes("0 7 9:min 5"),
        changes("9:min 5 0 7"),
        changes("0 9:min 5 7:sus"),
        changes("0:maj9 5 9:min7 7"),
    )
    pad, hook = (
        band.timbre("pad", "strings", "organ"),
        band.timbre("bell", "square", "brightpiano", "steel", "saw"),
    )
    bass = band.timbre("synthbass", "bass", "subbass")
    pulse = band.pick("x...x..x..x.x...", "x.x.x.x.x.x.x.x.", "x.....x.x.....x.")
    order = [int(band.rng.integers(0, 4)) for _ in range(16)]
    cells = band.pick("x.x.x.x.x.x.x.x.", "x..x..x.x..x..x.", "xxxxxxxxxxxxxxxx", "x...x...x...x...")
    for number, first in band.bars():
        root, quality = progression[number % 4]
        chord = band.voicing(root, quality, 64)
        band.chord("pad", pad, chord, first, 3.9)
        for step in range(16):
            if pulse[step] == "x":
                band.play(
                    "bass", bass, band.key - 12 + (root - 12 if root > 7 else root), first + step / 4, 0.7
                )
            if cells[step] == "x":
                band.play(
                    "hook", hook, ([*chord, chord[0] + 12])[order[step] % 4] + 12, first + step / 4, 0.4
                )
    clap = band.pick("snare", "clap", "snare")
    band.groove(
        {
            "kick": band.pick("x.......x.x.....", "x...x...x...x...", "x..x....x..x...."),
            clap: "....x.......x...",
            "hat": band.pick("x.x.x.x.x.x.x.x.", "xoxoxoxoxoxoxoxo", "..x...x...x...x."),
            "shaker": band.pick("................", "x-o-x-o-x-o-x-o-"),
        },
        {"kick": 1.0, clap: 0.9, "hat": 0.35, "shaker": 0.2},
        fills=8,
    )
    who, bottom = band.singer()
    notes = band.melody(progression, "penta", bottom, bottom + 15, band.pick(1.0, 1.6), rest=0.15)
    band.voice("voice", who, notes)
    if band.chance(0.5):
        band.line("hook", band.timbre("pad", "saw"), [(b, n, p + 12) for b, n, p in notes], 0.3)
    if band.chance(0.4):
        strings = band.timbre("electric", "steel")
        for number, first in band.bars(2):
            root, quality = progression[number // 2 % 4]
            band.chord("hook", strings, band.voicing(root, quality, 60), first, 1.9, 0.8, 0.008)
    band.mix.update(
        drums=Channel(-1, 0.08),
        bass=Channel(-3, 0.0),
        pad=Channel(-9, 0.3, low=150),
        hook=Channel(-8, 0.25, low=200),
        voice=Channel(2, 0.2, low=130),
    )


def reggae(band: Band) -> None:
    """Off-beat skank, one-drop drums and a heavy, singing bass."""
    progression = band.pick(
        changes("0:min 5:min"), changes("0 5 0 7"), changes("0 2:min 5 7"), changes("0:min 10")
    )
    skank, organ = band.timbre("skank", "brightpiano", "skank"), band.timbre("organ")
    bass = band.timbre("dubbass", "bass", "dubbass")
    riddim = [
        (b, int(band.pick(0, 0, 7, 5, 3 if progression[0][1] == "min" else 4, 12)))
        for b in band.pick((0, 0.5, 1.5, 2.5), (0.5, 1, 2, 2.5, 3.5), (0, 1, 1.5, 2.5, 3), (0, 0.75, 1.5, 3))
    ]
    double, bubble = band.chance(0.35), band.chance(0.6)
    for number, first in band.bars():
        root, quality = progression[number % len(progression)]
        chord = band.voicing(root, quality, 65)
        for beat in (1, 3) if not double else (0.5, 1.5, 2.5, 3.5):
            band.chord("skank", skank, chord, first + beat, 0.25, 1.0, 0.003)
            if double is False and band.chance(0.3):
                band.chord("skank", skank, chord, first + beat + 0.5, 0.2, 0.5, -0.003)
        if bubble:
            for beat in (0.5, 1.5, 2.5, 3.5):
                band.chord("organ", organ, [p - 12 for p in chord], first + beat, 0.3, 0.8)
        low = band.key - 12 + (root - 12 if root > 6 else root)
        for beat, step in riddim:
            band.play("bass", bass, low + step, first + beat, 0.95)
    drop = band.pick("........x.......", "........x.......", "x.......x.......", "x...x...x...x...")
    band.groove(
        {
            "kick": drop,
            band.pick("rim", "snare"): "........x.......",
            "hat": band.pick("x.-.x.-.x.-.x.-.", "..x...x...x...x.", "x.xox.x.x.xox.x."),
        },
        {"kick": 1.1, "rim": 0.9, "snare": 0.9, "hat": 0.3},
        fills=4,
    )
    band.mix.update(
        drums=Channel(-2, 0.2),
        bass=Channel(0, 0.0, high=2_500),
        organ=Channel(-10, 0.1, high=4_000),
        skank=Channel(-6, 0.3, low=250),
    )
    band.solo(progression, "penta", ("saxophone", "trumpet", "organ"), 1.0, 60, 0.75, level=-2)


def rock(band: Band) -> None:
    """Straight back-beat, overdriven power chords and a riff."""
    progression = band.pick(
        changes("0 10 5 0"), changes("0 5 7 5"), changes("9:min 5 0 7"), changes("0:min 8 3 10")
    )
    crunch, second, bass = (
        band.timbre("lead"),
        band.timbre("electric", "twang", "organ", "steel"),
        band.timbre("pickbass", "bass"),
    )
    rhythm = band.pick("x.x.x.x.x.x.x.x.", "x..x..x.x..x..x.", "x.....x.x.x.....", "x...x.x...x.x.x.")
    jangle, verses = band.chance(0.5), band.chance(0.5)  # verses are without the loud guitar
    for number, first in band.bars():
        root, quality = progression[number % 4]
        low = band.key + (root - 12 if root > 6 else root)
        chord = [*band.voicing(root, quality, 60), band.voicing(root, quality, 60)[0] + 12]
        for step in range(16):
            beat = first + step / 4
            if rhythm[step] == "x" and not (verses and number // 4 % 2):
                band.power("guitar", crunch, low, beat, 0.6 if band.chance(0.7) else 0.3)
            if step % 2 == 0:
                band.play("bass", bass, low - 12, beat, 0.48, 1.0 if step % 8 == 0 else 0.8)
                if jangle:
                    band.play("second", second, band.pick(*chord), beat, 1.2)
        if not jangle:
            band.chord("second", second, chord, first, 1.9, 0.9, 0.01)
            band.chord("second", second, chord, first + 2, 1.4, 0.7, -0.01)
    top = band.pick("hat", "ride", "open", "hat")
    band.groove(
        {
            "kick": band.pick("x.......x.x.....", "x.....x.x.......", "x..x....x.x....."),
            "snare": "....x.......x...",
            top: band.pick("x.x.x.x.x.x.x.x.", "x...x...x...x..."),
        },
        {"kick": 1.0, "snare": 1.0, top: 0.4},
        fills=4,
    )
    band.mix.update(
        drums=Channel(-2, 0.15),
        bass=Channel(-3, 0.0, band.pick(0, 1)),
        guitar=Channel(-3, 0.1, band.rng.uniform(1.5, 6), 80, band.rng.uniform(4_000, 6_000)),
        second=Channel(-7, 0.2, low=120),
    )
    band.solo(
        progression,
        band.pick("penta", "minpenta", "major"),
        ("lead", "electric"),
        1.1,
        62,
        0.75,
        0.25,
        4,
        level=-1,
    )
