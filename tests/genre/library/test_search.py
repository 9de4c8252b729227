"""Questions to a library: filters, neighbours and what stands out, against plain loops over the songs."""

import numpy as np
import pytest
from sklearn.metrics.pairwise import cosine_similarity

from genre import GENRES
from genre.library.search import Library, Query, QueryError, load_library, tag_genres
from genre.models.pretrained.heads import MUSIC_EMOTIONS
from genre.models.pretrained.networks import TAGS
from tests.support.stand_ins.library import make_songs, scan


@pytest.fixture
def library(tmp_path) -> Library:
    make_songs(tmp_path, 120)
    (tmp_path / "broken.mp3").write_bytes(b"BAD")
    scan([tmp_path])
    return load_library()


def test_neighbours_are_those_of_scikit_learn(library):
    like = library.embeddings[7]
    matches = library.find(Query(like=like, exclude=frozenset((library.songs[7].id,)), count=5))
    similar = cosine_similarity(library.embeddings[7:8], library.embeddings)[0]
    order = [k for k in np.argsort(-similar) if k != 7 and library.music[k]][:5]
    assert [match.song.id for match in matches] == [library.songs[k].id for k in order]
    assert [match.score for match in matches] == pytest.approx(similar[order], abs=2e-3)


def test_each_filter_keeps_what_it_says(library):
    rows = {song.id: k for k, song in enumerate(library.songs)}
    for match in library.find(Query(genre="jazz", count=1000)):
        assert match.song.genre == "jazz"
        assert match.score == library.probabilities[rows[match.song.id], GENRES.index("jazz")]
    assert len(library.find(Query(genre="jazz", count=1000))) == sum(s.genre == "jazz" for s in library.songs)
    slow = library.find(Query(tempo=(60, 90), count=1000))
    assert {m.song.id for m in slow} == {s.id for s in library.songs if 60 <= (s.tempo_bpm or 0) <= 90}
    calm = MUSIC_EMOTIONS.index("calmness")
    feeling = library.find(Query(feeling="calmness", count=1000))
    heights = [library.heights[rows[m.song.id], calm] for m in feeling]
    assert min(heights) >= 0.25 and heights == sorted(heights, reverse=True)
    assert all(m.song.confident for m in library.find(Query(confident=True, count=1000)))


def test_a_tag_without_a_threshold_names_the_top_tenth(library):
    values = library.tags[library.music, TAGS.index("mellow")]
    matches = library.find(Query(tag="mellow", count=1000))
    assert len(matches) == 12
    assert min(m.score for m in matches) >= np.quantile(values, 0.9)


def test_filters_are_joined_and_a_damaged_file_is_never_found(library):
    both = {m.song.id for m in library.find(Query(genre="rock", tempo=(60, 120), count=1000))}
    genre = {m.song.id for m in library.find(Query(genre="rock", count=1000))}
    tempo = {m.song.id for m in library.find(Query(tempo=(60, 120), count=1000))}
    assert both == genre & tempo
    everything = library.find(Query(count=1000))
    assert len(everything) == 120 and not any(m.song.error for m in everything)


def test_words_are_looked_for_in_names(library):
    assert [m.song.path[-14:] for m in library.find(Query(text="SONG 00042"))] == ["song 00042.mp3"]


def test_unknown_words_are_a_sentence_that_lists_the_known_ones(library):
    for query in (Query(genre="polka"), Query(tag="polka"), Query(feeling="polka")):
        with pytest.raises(QueryError, match=r"polka.*there are: "):
            library.find(query)


def test_an_empty_library_answers_nothing():
    library = load_library()
    assert len(library) == 0
    assert library.find(Query()) == library.find(Query(like=np.zeros(250), tag="rock")) == []
    assert library.duplicates() == library.disagreements() == []


def test_duplicates_are_songs_of_the_same_content(tmp_path):
    songs = make_songs(tmp_path, 3)
    (tmp_path / "again.mp3").write_bytes(songs[1].read_bytes())
    scan([tmp_path])
    [group] = load_library().duplicates()
    assert {song.path for song in group} == {str(songs[1]), str(tmp_path / "again.mp3")}


@pytest.mark.parametrize(
    ("text", "genres"),
    [
        ("Jazz", {"jazz"}),
        ("Hip-Hop/Rap", {"hiphop"}),
        ("Rock; Blues", {"rock", "blues"}),
        ("Heavy Metal", {"metal"}),
        ("Soundtrack", set()),
        ("", set()),
    ],
)
def test_the_genres_of_a_tag(text, genres):
    assert tag_genres(text) == genres
