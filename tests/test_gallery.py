"""What the Generate page shows: the gallery's pieces and words, the pictures, a training's history."""

import re

import cv2
import numpy as np
import pytest

from gan.artefact import Artefact, save
from gan.gallery import Gallery, Piece, facts_in_words, genres_in_words
from gan.history import History, read_history
from gan.mel import GAN_MEL
from gan.pictures import coloured, encoded, levels, plotted, strip, thumbnail
from gan.wish import Wish
from genre import GENRES
from genre.audio import SAMPLE_RATE, Clip
from genre.cards import ArtefactError
from genre.plots import LOUDNESS
from tests.painters import EPOCHS, make_history


def piece(seed: int = 0, seconds: float = 10.0, **wished: object) -> Piece:
    """One that nobody painted."""
    rng = np.random.default_rng(seed)
    wish = Wish(**{"genres": {"jazz": 1.0}, "seconds": seconds, "seed": seed, **wished})
    mel_db = rng.uniform(-80, 0, (128, 60)).astype(np.float32)
    clip = Clip(rng.uniform(-0.5, 0.5, SAMPLE_RATE).astype(np.float32), seconds)
    return Piece(Artefact(mel_db, GAN_MEL, {}), clip, wish, f"jazz-{seed}")


def test_the_newest_comes_first_and_the_same_once():
    gallery = Gallery()
    first, second = gallery.add(piece(1)), gallery.add(piece(2))
    assert [each.number for each in gallery] == [2, 1] and gallery.get(first.id) is first
    assert gallery.add(piece(1)) is first and list(gallery) == [first, second] and first.number == 1
    gallery.remove(first.id)
    gallery.remove("nothing")
    assert list(gallery) == [second] and gallery.get(None) is None
    assert gallery.add(piece(3)).number == 3, "a number is given once"


def test_no_more_sound_than_there_is_room_for():
    gallery = Gallery(kept_s=35.0)
    for seed in range(5):
        gallery.add(piece(seed))
    assert [each.number for each in gallery] == [5, 4, 3] and gallery.let_go == 2
    gallery.add(piece(9, seconds=60.0))
    assert len(gallery) == 1, "the newest stays, however long"


@pytest.mark.parametrize(
    ("genres", "words"),
    [({"jazz": 1}, "jazz"), ({"blues": 1, "hiphop": 2}, "hip-hop and blues"),
     ({"pop": 3, "rock": 2, "metal": 1}, "pop, rock and metal"),
     (dict.fromkeys(GENRES, 1), "a blend of 10 genres")],
)  # fmt: skip
def test_genres_in_words(genres, words):
    assert genres_in_words(Wish(genres)) == words


def test_facts_in_words():
    made = Gallery().add(piece(3, genres={"jazz": 3, "blues": 1}, tempo=1.2,
                               controls={"energy": -1.0, "brightness": 0.1, "density": 2.0}))
    made.origin = "like No. 2"
    assert facts_in_words(made) == (
        "No. 1 · 75\u00a0% jazz, 25\u00a0% blues · 10 s · calmer · busier · faster · seed 3 · like No. 2")
    assert Piece(made.artefact, made.clip, None, "x").title == "A spectrogram without its recipe"


def test_a_piece_comes_back_from_its_file():
    made = piece(4)
    smooth = cv2.GaussianBlur(made.artefact.mel_db, (9, 9), 0)
    again = Piece.brought_back(save(Artefact(smooth, GAN_MEL, {"wish": "none"})))
    assert again.wish is None and again.wav.startswith(b"RIFF")
    assert again.id == Piece(Artefact(smooth, GAN_MEL, {}), made.clip, None, "x").id
    with pytest.raises(ArtefactError):
        Piece.brought_back(b"once upon a time")


def test_colours_go_from_dark_to_light():
    ramp = coloured(np.arange(256, dtype=np.uint8)[None])[0].astype(int)
    assert np.all(np.diff(ramp.sum(axis=1)) >= 0)
    assert ["#{:02x}{:02x}{:02x}".format(*ramp[place]) for place in (0, 255)] == [LOUDNESS[0], LOUDNESS[-1]]


def test_pictures_stand_on_their_low_notes():
    mel_db = np.full((128, 200), -80.0, np.float32)
    mel_db[:10] = 0.0  # a bass
    seen = levels(mel_db)
    assert seen[-10:].min() == 255 and seen[:-10].max() == 0
    picture = cv2.imdecode(np.frombuffer(encoded(seen), np.uint8), cv2.IMREAD_COLOR)
    assert picture.shape == (128, 200, 3) and picture[-5:].mean() > 150 > 40 > picture[:100].mean()
    values, centres = plotted(np.tile(mel_db, (1, 9)), columns=600)
    assert values.shape == (128, 600) and values.dtype == np.int8 and values[0].max() == 0
    assert np.all(np.diff(centres) > 0) and 0 < centres[0] < centres[-1] < SAMPLE_RATE / 2


def test_words_in_html_are_only_words():
    tile = np.zeros((128, 128), np.uint8)
    for html in (strip([(tile, "<script>'\"")]), thumbnail(tile - 80.0, "<script>'\"")):
        assert "<script>" not in html and "&lt;script&gt;" in html
        assert re.search(r'src="data:image/webp;base64,[\w+/=]+"', html)


def test_a_history_is_read_as_far_as_it_can_be(tmp_path):
    history = read_history(make_history(tmp_path))
    assert list(history.samples) == list(EPOCHS) and history.genres == GENRES
    assert [epoch for epoch, _ in history.film(3)] == list(EPOCHS)
    picture = cv2.imread(str(tmp_path / "samples" / "0008.webp"), cv2.IMREAD_GRAYSCALE)
    assert np.array_equal(history.film(3)[-1][1], picture[:, 3 * 128 : 4 * 128])
    assert len(history.sheet(8)) == 10 and history.sheet(7) == []
    assert [epoch for epoch, _ in history.film(0, shown=2)] == [1, 8] and history.film(10) == []
    (tmp_path / "samples" / "0001.webp").write_bytes(b"no picture")
    (tmp_path / "samples" / "notes.webp").write_bytes(b"")
    (tmp_path / "samples" / "0004.webp").write_bytes(cv2.imencode(".webp", np.zeros((60, 60)))[1].tobytes())
    damaged = read_history(tmp_path)
    assert [epoch for epoch, _ in damaged.film(0)] == [2, 8] and damaged.genres == GENRES
    (tmp_path / "samples" / "genres.json").write_text('["one", 2]')
    assert read_history(tmp_path).genres[:2] == ("genre 1", "genre 2")
    assert read_history(make_history(tmp_path / "own", ("fado", "polka"))).genres == ("fado", "polka")
    nothing = read_history(tmp_path / "nowhere")
    assert nothing == History((), {}, ()) and nothing.film(0) == [] and nothing.in_words() == ""


def test_the_balance_is_drawn_and_told(tmp_path):
    history = read_history(make_history(tmp_path))
    rows, description = history.balance()
    assert len(rows) == 16 and {row["of"] for row in rows} == {"real music", "painted music"}
    assert description["layer"][0]["encoding"]["y"]["datum"] == 0.5
    words = {gap: History(({"epoch": 1, "d_real": 0.5 + gap, "d_painted": 0.5 - gap},), {}, ()).in_words()
             for gap in (0.02, 0.1, 0.3)}  # fmt: skip
    assert "52%" in words[0.02] and "only guess" in words[0.02]
    assert "near the balance" in words[0.1] and "told them apart" in words[0.3]
    torn = History(({"epoch": 1, "d_real": None}, {"epoch": 2}), {}, ())
    assert torn.balance()[0] == [] and torn.in_words() == ""
