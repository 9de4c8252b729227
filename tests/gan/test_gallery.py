"""The gallery, the pictures of spectrograms, and the history of a training."""

import re

import cv2
import numpy as np
import pytest

from gan.mel import GAN_MEL
from gan.request import GenerationRequest
from gan.sampling.gallery import Gallery, GalleryItem, describe_genres, describe_item
from gan.sampling.pictures import apply_colour_map, decimate_for_plot, encode_webp, to_pixels
from gan.sampling.spectrogram_file import SpectrogramFile, pack_spectrogram
from gan.training.history import TrainingHistory, read_training_history
from genre import GENRES
from genre.audio.clip import SAMPLE_RATE, Clip
from genre.models.cards import ArtefactError
from genre.plots.prediction import LOUDNESS
from pages.generation.charts import balance_chart, describe_balance
from pages.generation.html import render_strip, render_thumbnail
from tests.support.generators import EPOCHS, make_history


def item(seed: int = 0, seconds: float = 10.0, **parts: object) -> GalleryItem:
    """One that nobody painted."""
    rng = np.random.default_rng(seed)
    request = GenerationRequest(**{"genres": {"jazz": 1.0}, "seconds": seconds, "seed": seed, **parts})
    mel_db = rng.uniform(-80, 0, (128, 60)).astype(np.float32)
    clip = Clip(rng.uniform(-0.5, 0.5, SAMPLE_RATE).astype(np.float32), seconds)
    return GalleryItem(SpectrogramFile(mel_db, GAN_MEL, {}), clip, request, f"jazz-{seed}")


def test_the_newest_comes_first_and_the_same_once():
    gallery = Gallery()
    first, second = gallery.add(item(1)), gallery.add(item(2))
    assert [entry.number for entry in gallery] == [2, 1] and gallery.get(first.id) is first
    assert gallery.add(item(1)) is first and list(gallery) == [first, second] and first.number == 1
    gallery.remove(first.id)
    gallery.remove("nothing")
    assert list(gallery) == [second] and gallery.get(None) is None
    assert gallery.add(item(3)).number == 3, "a number is given once"


def test_no_more_sound_than_there_is_room_for():
    gallery = Gallery(max_total_s=35.0)
    for seed in range(5):
        gallery.add(item(seed))
    assert [entry.number for entry in gallery] == [5, 4, 3] and gallery.n_dropped == 2
    gallery.add(item(9, seconds=60.0))
    assert len(gallery) == 1, "the newest stays, however long"
    next(iter(gallery)).earlier_wav = b"RIFF"
    assert gallery.held_s == 120, "what it is compared with takes as much"


@pytest.mark.parametrize(
    ("genres", "words"),
    [
        ({"jazz": 1}, "jazz"),
        ({"blues": 1, "hiphop": 2}, "hip-hop and blues"),
        ({"pop": 3, "rock": 2, "metal": 1}, "pop, rock and metal"),
        (dict.fromkeys(GENRES, 1), "a blend of 10 genres"),
    ],
)
def test_genres_in_words(genres, words):
    assert describe_genres(GenerationRequest(genres)) == words


def test_facts_in_words():
    added = Gallery().add(
        item(
            3,
            genres={"jazz": 3, "blues": 1},
            tempo=1.2,
            controls={"energy": -1.0, "brightness": 0.1, "density": 2.0},
        )
    )
    added.origin = "like No. 2"
    assert describe_item(added) == (
        "No. 1 · 75\u00a0% jazz, 25\u00a0% blues · 10 s · calmer · busier · faster · seed 3 · like No. 2"
    )
    assert "10 s · in B flat minor · seed 0" in describe_item(item(key="Bb minor"))
    assert GalleryItem(added.spectrogram, added.clip, None, "x").title == "A spectrogram without its recipe"


def test_an_item_is_restored_from_its_file():
    clip = item(4)
    smooth = cv2.GaussianBlur(clip.spectrogram.mel_db, (9, 9), 0)
    again = GalleryItem.from_file(pack_spectrogram(SpectrogramFile(smooth, GAN_MEL, {"request": "none"})))
    assert again.request is None and again.wav.startswith(b"RIFF")
    assert again.id == GalleryItem(SpectrogramFile(smooth, GAN_MEL, {}), clip.clip, None, "x").id
    with pytest.raises(ArtefactError):
        GalleryItem.from_file(b"once upon a time")


def test_colours_go_from_dark_to_light():
    ramp = apply_colour_map(np.arange(256, dtype=np.uint8)[None])[0].astype(int)
    assert np.all(np.diff(ramp.sum(axis=1)) >= 0)
    assert ["#{:02x}{:02x}{:02x}".format(*ramp[place]) for place in (0, 255)] == [LOUDNESS[0], LOUDNESS[-1]]


def test_pictures_stand_on_their_low_notes():
    mel_db = np.full((128, 200), -80.0, np.float32)
    mel_db[:10] = 0.0  # a bass
    pixels = to_pixels(mel_db)
    assert pixels[-10:].min() == 255 and pixels[:-10].max() == 0
    picture = cv2.imdecode(np.frombuffer(encode_webp(pixels), np.uint8), cv2.IMREAD_COLOR)
    assert picture.shape == (128, 200, 3) and picture[-5:].mean() > 150 > 40 > picture[:100].mean()
    values, centres = decimate_for_plot(np.tile(mel_db, (1, 9)), columns=600)
    assert values.shape == (128, 600) and values.dtype == np.int8 and values[0].max() == 0
    assert np.all(np.diff(centres) > 0) and 0 < centres[0] < centres[-1] < SAMPLE_RATE / 2


def test_words_in_html_are_only_words():
    tile = np.zeros((128, 128), np.uint8)
    for html in (render_strip([(tile, "<script>'\"")]), render_thumbnail(tile - 80.0, "<script>'\"")):
        assert "<script>" not in html and "&lt;script&gt;" in html
        assert re.search(r'src="data:image/webp;base64,[\w+/=]+"', html)


def test_a_history_is_read_as_far_as_it_can_be(tmp_path):
    history = read_training_history(make_history(tmp_path))
    assert list(history.sample_sheets) == list(EPOCHS) and history.genres == GENRES
    assert [epoch for epoch, _ in history.timeline(3)] == list(EPOCHS)
    picture = cv2.imread(str(tmp_path / "samples" / "0008.webp"), cv2.IMREAD_GRAYSCALE)
    assert np.array_equal(history.timeline(3)[-1][1], picture[:, 3 * 128 : 4 * 128])
    assert len(history.samples_at(8)) == 10 and history.samples_at(7) == []
    assert [epoch for epoch, _ in history.timeline(0, max_epochs=2)] == [1, 8] and history.timeline(10) == []
    (tmp_path / "samples" / "0001.webp").write_bytes(b"no picture")
    (tmp_path / "samples" / "notes.webp").write_bytes(b"")
    (tmp_path / "samples" / "0004.webp").write_bytes(cv2.imencode(".webp", np.zeros((60, 60)))[1].tobytes())
    damaged = read_training_history(tmp_path)
    assert [epoch for epoch, _ in damaged.timeline(0)] == [2, 8] and damaged.genres == GENRES
    (tmp_path / "samples" / "genres.json").write_text('["one", 2]')
    assert read_training_history(tmp_path).genres[:2] == ("genre 1", "genre 2")
    assert read_training_history(make_history(tmp_path / "training", ("fado", "polka"))).genres == (
        "fado",
        "polka",
    )
    nothing = read_training_history(tmp_path / "nowhere")
    assert (
        nothing == TrainingHistory((), {}, ())
        and nothing.timeline(0) == []
        and describe_balance(nothing) == ""
    )


def test_the_balance_is_drawn_and_described(tmp_path):
    history = read_training_history(make_history(tmp_path))
    rows, description = balance_chart(history)
    assert len(rows) == 16 and {row["of"] for row in rows} == {"real music", "painted music"}
    assert description["layer"][0]["encoding"]["y"]["datum"] == 0.5
    words = {
        gap: describe_balance(
            TrainingHistory(({"epoch": 1, "d_real": 0.5 + gap, "d_fake": 0.5 - gap},), {}, ())
        )
        for gap in (0.02, 0.1, 0.3)
    }
    assert "52\u00a0%" in words[0.02] and "only guess" in words[0.02]
    assert "far from sure" in words[0.1] and "clearly told them apart" in words[0.3]
    incomplete = TrainingHistory(({"epoch": 1, "d_real": None}, {"epoch": 2}), {}, ())
    assert balance_chart(incomplete)[0] == [] and describe_balance(incomplete) == ""
