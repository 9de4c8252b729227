"""One damaged run costs nobody the Train page: it alone is missing there, or says what is wrong with it."""

import csv
import io

import pytest

from genre.runs.catalogue import Catalogue, leak_pairs, to_csv
from genre.runs.directory import list_runs, read_metrics, read_run
from genre.runs.report import ReportError, load_report
from pages.training.state import TrainState
from tests.support.damage import DAMAGES
from tests.support.pages.app_visits import visit, words
from tests.support.training_runs import make_run

PER_VISIT = 6  # runs that the page compares at once


@pytest.mark.parametrize("name", DAMAGES)
def test_every_reader_survives(name):
    whole = make_run(title="whole")
    DAMAGES[name](make_run(title="damaged"))
    entries = [entry for entry in Catalogue().entries() if not entry.recorded]
    assert read_run(whole) in [entry.run for entry in entries] and read_run(whole) in list_runs()
    for entry in entries:
        assert entry.run.state != "damaged" or entry.run.message.endswith(".")
        assert all(isinstance(line["epoch"], (int, float)) for line in read_metrics(entry.run.folder))
        entry.title.encode(), entry.id.encode()
        try:
            load_report(entry.run.folder)
        except ReportError as error:
            assert str(error).endswith(".")
    rows = csv.DictReader(io.StringIO(to_csv(entries)))
    assert len(list(rows)) == len(entries)
    leak_pairs(entries)


@pytest.mark.parametrize("first", range(0, len(DAMAGES), PER_VISIT))
def test_every_step_of_the_page_stays_up(first):
    make_run(title="whole")
    for name in list(DAMAGES)[first : first + PER_VISIT]:
        DAMAGES[name](make_run(title=name))
    everything = TrainState(compared=[entry.id for entry in Catalogue().entries() if not entry.recorded])
    assert "whole" in words(visit("train", step="Watch"))
    compared = visit("train", step="Compare", train=everything)
    assert "whole" in compared.dataframe[0].value["Name"].tolist()
    visit("train", step="The leak")
