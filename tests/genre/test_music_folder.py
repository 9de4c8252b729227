"""EARMARK_MUSIC: music is read from that folder alone, whatever name or link leads elsewhere."""

import os
import shutil

import pytest

from genre.data import splits
from genre.data.dataset import open_dataset
from genre.data.examples import DataError


@pytest.fixture
def allowed(tmp_path, music, monkeypatch):
    folder = tmp_path / "allowed"
    shutil.copytree(music, folder / "mine")
    monkeypatch.setenv("EARMARK_MUSIC", str(folder))
    return folder


def test_a_folder_inside_is_read(allowed):
    assert len(open_dataset(allowed / "mine").files) == 8
    assert len(open_dataset(f"{allowed}/x/../mine").files) == 8


@pytest.mark.parametrize("name", ["{music}", "{allowed}/../../{music}", "{allowed}/link", "/", "{allowed}x"])
def test_a_folder_outside_is_refused(allowed, music, name):
    (allowed / "link").symlink_to(music)
    with pytest.raises(DataError, match="the folder of music"):
        open_dataset(name.format(music=music, allowed=allowed))


def test_links_inside_lead_nowhere_else(allowed, music):
    recording = next(music.rglob("*.wav"))
    (allowed / "mine" / "classical" / "other.wav").symlink_to(recording)
    (allowed / "mine" / "stolen").symlink_to(recording.parent)
    dataset = open_dataset(allowed / "mine")
    assert len(dataset.files) == 8 and "stolen" not in dataset.genres
    assert all(os.path.realpath(track.path).startswith(str(allowed)) for track in dataset.files)


def test_a_list_of_artists_outside_is_not_opened(allowed, tmp_path):
    path = tmp_path / "secret.csv"
    path.write_text("a,b\n")
    with pytest.raises(DataError, match="the folder of music"):
        splits._read_artists(path, None)


def test_without_it_every_folder_is_read(music):
    assert len(open_dataset(music).files) == 8
