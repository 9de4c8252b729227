"""genre.evaluation.results and genre.models.model_card: what is written follows from the cards."""

from pathlib import Path

import pytest

from genre.evaluation.results import RESULTS, card_sections, read_section, update_section
from genre.models.cards import load_card
from genre.models.model_card import model_card, write_model_card
from genre.paths import WEIGHTS

SHIPPED = sorted(folder for folder in WEIGHTS.iterdir() if folder.is_dir())
TEXT = """# Results

Before.

<!-- first: begin -->
one
<!-- first: end -->

Between, with <!-- a comment -->.

<!-- first-too: begin -->
two
<!-- first-too: end -->

After.
"""


def test_a_section_is_replaced_and_the_rest_stays(tmp_path: Path) -> None:
    path = tmp_path / "RESULTS.md"
    path.write_text(TEXT)
    update_section("first", "\n| a |\n| --- |\n\nnew\n", path)
    assert path.read_text() == TEXT.replace("one", "| a |\n| --- |\n\nnew")
    assert read_section("first", path) == "| a |\n| --- |\n\nnew"
    assert read_section("first-too", path) == "two"
    update_section("first", "one", path)
    assert path.read_text() == TEXT, "twice changes nothing"


def test_a_new_section_is_appended(tmp_path: Path) -> None:
    path = tmp_path / "RESULTS.md"
    path.write_text(TEXT)
    update_section("second", "three", path)
    assert path.read_text().startswith(TEXT) and path.read_text().endswith("\n")
    assert read_section("second", path) == "three" and read_section("first", path) == "one"


def test_without_a_file_one_is_written(tmp_path: Path) -> None:
    path = tmp_path / "RESULTS.md"
    assert read_section("first", path) == ""
    update_section("first", "one", path)
    assert path.read_text().startswith("# Results\n") and read_section("first", path) == "one"


@pytest.mark.parametrize("text", [r"a \1 and \g<0>", "$1 %s {x}", "<!-- a comment -->"])
def test_any_markdown_is_a_section(text: str, tmp_path: Path) -> None:
    path = tmp_path / "RESULTS.md"
    path.write_text(TEXT)
    update_section("first", text, path)
    assert read_section("first", path) == text and read_section("first-too", path) == "two"


@pytest.mark.parametrize("name", ["", "a b", "a-->", "../a", "Ä", "a\nb", "-a", "a\n"])
def test_a_name_that_could_break_the_markers_is_rejected(name: str, tmp_path: Path) -> None:
    path = tmp_path / "RESULTS.md"
    path.write_text(TEXT)
    with pytest.raises(ValueError, match=r"\.$"):
        update_section(name, "text", path)
    assert path.read_text() == TEXT


@pytest.mark.parametrize("name", card_sections())
def test_results_are_those_of_the_cards(name: str) -> None:
    """`python -m genre results` writes them anew."""
    assert RESULTS.read_text().count(f"<!-- {name}: begin -->") == 1
    assert read_section(name) == card_sections()[name].strip()


def test_every_section_has_both_markers() -> None:
    lines = RESULTS.read_text().splitlines()
    begun = [line.removesuffix(": begin -->") for line in lines if line.endswith(": begin -->")]
    ends = [line.removesuffix(": end -->") for line in lines if line.endswith(": end -->")]
    assert begun == ends and len(begun) == len(set(begun)) and begun


def test_the_sections_hold_the_cards_numbers() -> None:
    part = load_card(WEIGHTS / "listen-scratch-train").metrics["by_track"]
    low, high = (f"{100 * bound:.1f}" for bound in part["balanced_accuracy_interval"])
    row = next(line for line in read_section("genre").splitlines() if "balanced accuracy" in line)
    assert f"| {100 * part['balanced_accuracy']:.1f} % | {low} to {high} |" in row
    emotion = load_card(WEIGHTS / "emotion-train").metrics["valid"]
    assert f"{100 * emotion['accuracy']:.1f} %" in read_section("emotion")


@pytest.mark.parametrize("folder", SHIPPED, ids=lambda folder: folder.name)
def test_the_model_card_is_that_of_the_card(folder: Path) -> None:
    """`python -m genre results` writes it anew."""
    assert (folder / "CARD.md").read_text() == model_card(folder.name, load_card(folder))


@pytest.mark.parametrize("folder", SHIPPED, ids=lambda folder: folder.name)
def test_a_model_card_has_every_heading_and_no_empty_one(folder: Path, tmp_path: Path) -> None:
    text = (folder / "CARD.md").read_text()
    sections = text.split("\n## ")
    headings = [section.splitlines()[0] for section in sections[1:]]
    assert headings == [
        "Model details",
        "Intended use",
        "Training data",
        "Evaluation data",
        "Metrics",
        "Limitations",
        "How to reproduce",
    ]
    assert all("\n".join(section.splitlines()[1:]).strip() for section in sections)
    assert load_card(folder).weights_sha256 in text
    (tmp_path / "card.json").write_bytes((folder / "card.json").read_bytes())
    assert write_model_card(tmp_path).read_text().endswith(text.split("\n", 1)[1])


@pytest.mark.parametrize("folder", SHIPPED, ids=lambda folder: folder.name)
def test_a_published_card_says_where_it_comes_from(folder: Path) -> None:
    card = load_card(folder)
    assert card.weights_sha256 and card.commit and card.date and "torch" in card.versions
