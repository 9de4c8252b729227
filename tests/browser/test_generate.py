"""Music that was never played, in a real Chromium: generated, classified, mixed, downloaded, cancelled."""

import io
import json

import numpy as np
import pytest
import soundfile as sf
from playwright.sync_api import Download, Page, expect

from gan.request import GenerationRequest
from gan.sampling.sampler import Sampler
from gan.training.settings import GanSettings
from genre import GENRES
from genre.audio.clip import SAMPLE_RATE
from genre.paths import WEIGHTS
from genre.runs.directory import create_run_folder, write_status
from genre.runs.process import delete_run
from tests.support.browser.stage import require_on_stage
from tests.support.browser.visits import BUSY_MS, PHONE, Visit
from tests.support.generators import make_history, make_model

TITLE = "Music that was never played"

pytestmark = pytest.mark.skipif(
    not (WEIGHTS / "gan" / "card.json").exists(), reason="no generator is in assets/weights/gan"
)


class Studio(Visit):
    """A visitor of the Generate page."""

    def __init__(self, browser, address: str, **context: object) -> None:
        super().__init__(browser, f"{address}/generate", TITLE, **context)
        self.page.set_default_timeout(BUSY_MS)
        self.settle()

    def fill(self, name: str, value: int) -> None:
        box = self.page.get_by_role("spinbutton", name=name)
        if not box.is_visible():
            self.page.get_by_text("Fine tuning").click()
            self.settle()
        box.fill(str(value))
        box.press("Enter")
        self.settle()

    def shortest(self) -> None:
        self.page.get_by_role("slider", name="Length").press("Home")
        self.settle()

    def generate(self, button: str = "Generate") -> None:
        """Press a button and wait until all its clips are there."""
        self.page.get_by_role("button", name=button, exact=True).click()
        self.settle()
        self.wait_for_music()

    def wait_for_music(self) -> None:
        expect(self.page.locator(".st-key-item audio")).to_be_visible(timeout=BUSY_MS)
        expect(self.page.locator(".st-key-waiting")).to_have_count(0, timeout=BUSY_MS)
        # The bar goes first; until the run ends, the piece of before may still stand beside the new one.
        self.page.locator("[data-test-script-state=notRunning]").wait_for(timeout=BUSY_MS)
        expect(self.page.locator(".st-key-spectrogram .heatmaplayer image")).to_have_count(1, timeout=BUSY_MS)
        expect(self.page.locator(".st-key-spectrogram .heatmaplayer image")).to_be_visible(timeout=BUSY_MS)
        self.settle()

    def download(self, label: str) -> Download:
        button = self.page.get_by_role("button", name=label)
        if not button.is_visible():
            self.page.get_by_role("button", name="Share or save").click()
            files = self.page.get_by_text("Its files")
            files.wait_for()
            if not button.is_visible():
                files.click()
        self.settle()  # Streamlit has no files while a script runs
        with self.page.expect_download() as download:
            button.click()
        return download.value


@pytest.fixture
def studio(browser, streamlit_server):
    visitor = Studio(browser, streamlit_server)
    yield visitor
    visitor.leave()


def played_s(page: Page) -> float:
    """Play the opened clip for a moment -> how far it came (s)."""
    return page.locator(".st-key-item audio").evaluate(
        """async audio => {
            audio.muted = true;
            await audio.play();
            await new Promise(done => setTimeout(done, 700));
            audio.pause();
            return audio.currentTime;
        }"""
    )


def require_played_in_place(page: Page) -> None:
    """Fail unless a stored piece starts and stops by its picture, which shows it, and one at a time."""
    sounds = page.locator(".st-key-stored_sounds audio")
    disco, rock = (page.locator(".piece", has_text=name) for name in ("Disco", "Rock"))
    disco.click()
    playing = page.locator(".piece[aria-pressed=true]")
    expect(playing).to_contain_text("Disco")
    expect(playing).to_be_in_viewport(ratio=0.95)
    expect(playing).to_have_attribute("data-begun", "")
    rock.press("Enter")
    expect(playing).to_contain_text("Rock")
    playing.press("Space")
    expect(playing).to_have_count(0)
    assert sounds.evaluate_all("sounds => sounds.every(sound => sound.paused)")


def test_a_clip_is_played_classified_downloaded_and_uploaded(studio, browser, streamlit_server):
    page = studio.page
    require_played_in_place(page)
    studio.shortest()
    studio.fill("Seed", 7)
    studio.generate()
    expect(page.locator(".st-key-item")).to_contain_text("3 s · seed 7")
    page.wait_for_function("document.querySelector('.st-key-item audio').played.length")  # by itself
    assert played_s(page) > 0.2
    line, picture = (page.locator(f".st-key-spectrogram {part}") for part in (".sound-place", ".nsewdrag"))
    area = picture.bounding_box()
    assert area["x"] < line.bounding_box()["x"] < area["x"] + area["width"], "it runs through the picture"
    page.keyboard.press("p")
    next_genres = page.locator(".st-key-next_genres button")
    require_on_stage(
        page, page.locator(".play-button"), page.locator(".st-key-spectrogram .nsewdrag"), next_genres.last
    )
    page.keyboard.press("p")
    page.get_by_role("button", name="What does the Listen page hear?").click()
    prediction = page.locator(".st-key-prediction_bars, .st-key-item [data-testid=stAlert]")
    expect(prediction.first).to_be_visible(timeout=BUSY_MS)

    download = studio.download("Sound, WAV")
    assert download.suggested_filename == "jazz-7.wav"
    samples, rate = sf.read(download.path())
    expected = Sampler.load().generate(GenerationRequest({"jazz": 1.0}, seconds=3.0, seed=7)).clip.samples
    assert rate == SAMPLE_RATE and len(samples) == len(expected)
    assert np.corrcoef(samples, expected)[0, 1] > 0.99, "the seed decides"
    mp3, _ = sf.read(io.BytesIO(studio.download("Sound, MP3").path().read_bytes()))
    assert len(mp3) == pytest.approx(len(samples), rel=0.1)
    assert studio.download("Picture, PNG").path().read_bytes().startswith(b"\x89PNG")
    recipe = studio.download("Recipe that makes it again, JSON").path()
    assert json.loads(recipe.read_text())["request"]["seed"] == 7
    spectrogram = studio.download("The picture as numbers, NPZ").path()

    for name, content in (("jazz-7.json", recipe), ("jazz-7.npz", spectrogram)):
        other = Studio(browser, streamlit_server)
        other.page.get_by_text("Bring a piece back").click()
        field = other.page.get_by_test_id("stFileUploaderDropzoneInput")
        field.set_input_files(
            {"name": name, "mimeType": "application/octet-stream", "buffer": content.read_bytes()}
        )
        other.wait_for_music()
        expect(other.page.locator(".st-key-item")).to_contain_text("3 s · seed 7 · brought back")
        other.leave()


def test_two_clips_are_mixed(studio):
    page = studio.page
    studio.shortest()
    studio.fill("Pieces", 2)
    studio.generate()
    expect(page.get_by_role("heading", name="Your gallery")).to_be_visible(timeout=BUSY_MS)
    page.get_by_role("button", name="Mix", exact=True).click()
    studio.settle()  # what opened it would open it again
    page.get_by_role("button", name="Mix these two").click()
    studio.settle()
    expect(page.locator(".st-key-item")).to_contain_text("50 % No. 1, 50 % No. 2", timeout=BUSY_MS)
    studio.wait_for_music()
    expect(page.get_by_role("button", name="Mix these two")).to_be_hidden()  # it has closed by itself
    studio.generate("Another like this")
    expect(page.locator(".st-key-item")).to_contain_text("like No. 3", timeout=BUSY_MS)
    expect(page.locator("audio")).to_have_count(4)


def test_the_phrases_of_a_prompt_are_listed(studio):
    page = studio.page
    page.get_by_text("Describe it").click()
    box = page.get_by_label("Say what you would like to hear")
    box.fill("very calm jazz with a zzyzx")
    box.blur()
    studio.settle()
    expect(page.locator(".st-key-phrases")).to_contain_text("zzyzx", timeout=BUSY_MS)
    studio.shortest()
    box.press("Enter")
    studio.wait_for_music()
    expect(page.locator(".st-key-item").get_by_role("heading")).to_have_text("very calm jazz with a zzyzx")
    expect(page.locator(".st-key-gallery, .st-key-item")).not_to_contain_text("No. 2")


def test_before_and_now_are_heard_one_at_a_time(studio):
    page = studio.page
    page.get_by_text("Describe it").click()
    box = page.get_by_label("Say what you would like to hear")
    box.fill("calm jazz in A minor")
    box.blur()
    studio.settle()
    studio.shortest()
    studio.generate()
    page.get_by_role("button", name="Hear it as before").click()
    sounds = page.locator(".st-key-item audio")
    expect(sounds).to_have_count(2, timeout=BUSY_MS)
    studio.settle()
    before, now = page.locator(".st-key-other_sound audio"), page.locator(".st-key-own_sound audio")
    expect(before).to_be_in_viewport()
    assert abs(before.bounding_box()["y"] - now.bounding_box()["y"]) < 2, "side by side"
    assert sounds.evaluate_all("sounds => sounds.every(sound => sound.paused)"), "none starts by itself"
    for sound, other in ((before, now), (now, before)):
        sound.evaluate("sound => { sound.muted = true; return sound.play(); }")
        page.wait_for_function("sound => sound.currentTime > 0", arg=sound.element_handle())
        assert other.evaluate("sound => sound.paused")
    for key in ("spectrogram", "other_spectrogram"):
        expect(page.locator(f".st-key-{key} .sound-place")).to_have_count(1)
    page.keyboard.press("p")
    buttons = page.locator(".st-key-item .play-button")
    require_on_stage(page, *buttons.all(), page.locator(".st-key-other_spectrogram .nsewdrag"))
    pictures = page.locator("[class*=_sound] .nsewdrag").all()
    widths = [picture.bounding_box()["width"] for picture in pictures]
    assert abs(widths[0] - widths[1]) < 2, "one is as wide as the other"


def test_cancelled_is_cancelled(studio):
    page = studio.page
    studio.fill("Pieces", 8)
    page.get_by_role("button", name="Generate", exact=True).click()
    page.get_by_role("button", name="Cancel").click()
    expect(page.locator(".st-key-waiting")).to_have_count(0, timeout=BUSY_MS)
    studio.shortest()
    studio.fill("Pieces", 1)
    studio.generate("Surprise me")
    assert page.locator("audio").count() < 8


@pytest.fixture
def trained_model(streamlit_home, monkeypatch):
    """A finished training of the visitor."""
    monkeypatch.setenv("EARMARK_HOME", str(streamlit_home))
    folder = create_run_folder("gan", GanSettings("builtin", "all").to_dict(), "my training")
    make_model(folder, GENRES[:3])
    make_history(folder)
    write_status(folder, state="done", progress=1.0)
    yield folder
    delete_run(folder)


def test_a_trained_model_is_selected_and_stays(trained_model, browser, streamlit_server):
    """Its button is drawn anew every few seconds, apart from the rest of the page."""
    visitor = Studio(browser, streamlit_server)
    page = visitor.page
    page.get_by_role("button", name="Paint with it").click()
    expect(page.get_by_role("combobox", name="Who paints?")).to_have_value("my training")
    visitor.settle()
    visitor.shortest()
    visitor.generate()
    expect(page.get_by_role("combobox", name="Who paints?")).to_have_value("my training")
    expect(page.get_by_role("button", name="Paint with it")).to_have_count(0)
    recipe = json.loads(visitor.download("Recipe that makes it again, JSON").path().read_text())
    assert recipe["model"] == trained_model.name
    visitor.leave()


def test_a_phone_shows_everything_and_scrolls_to_the_music(browser, streamlit_server):
    visitor = Studio(browser, streamlit_server, viewport=PHONE, has_touch=True, is_mobile=True)
    assert visitor.overflow() <= 0
    visitor.shortest()
    visitor.fill("Pieces", 2)
    visitor.generate()
    expect(visitor.page.locator(".st-key-item audio")).to_be_in_viewport(timeout=BUSY_MS)
    expect(visitor.page.get_by_role("heading", name="Your gallery")).to_be_visible(timeout=BUSY_MS)
    assert visitor.overflow() <= 0
    visitor.leave()
