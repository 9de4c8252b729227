"""The recorder in a real Chromium: a fake microphone plays, and the answer forms while it does."""

import re

from playwright.sync_api import expect

from genre.audio.clip import load_clip
from genre.inference.load import load_classifier
from genre.text import genre_name
from tests.support.browser.serving import disk_full
from tests.support.browser.stage import READABLE_PX, STAGE, type_px
from tests.support.browser.visits import BUSY_MS, MOVING, PHONE, Visit

NO_MICROPHONE = """() => {
    navigator.mediaDevices.getUserMedia = () => Promise.reject(new DOMException("no", "NAME"));
}"""
# A browser without loudspeakers.
SLEEPING_AUDIO = """() => {
    delete navigator.mediaDevices.getUserMedia;
    AudioContext.prototype.resume = () => new Promise(() => {});
    Object.defineProperty(AudioContext.prototype, "state", {get: () => "suspended"});
}"""

# What becomes of each piece of sound, of 128 samples, that the browser hears: `n` counts them.
HEARD = """() => {
    const handler = Object.getOwnPropertyDescriptor(MessagePort.prototype, "onmessage");
    let n = 0;
    Object.defineProperty(MessagePort.prototype, "onmessage", {
        set(hear) {  // other scripts of the page have ports, too
            handler.set.call(this, event => {
                if (!(event.data instanceof Float32Array)) return hear(event);
                n++; CHANGE
            });
        },
    });
}"""
# After the first six seconds few: a busy machine has minutes to answer them before the recording is full.
PATIENT = HEARD.replace("CHANGE", "if (n < 2200 || n % 20 === 0) hear(event);")
# Each ten times: half a minute need not be waited for.
TEN_TIMES = HEARD.replace("CHANGE", "for (let k = 0; k < 10; k++) hear(event);")


def expected_genre(path) -> str:
    return genre_name(load_classifier().classify(load_clip(path)).genre).capitalize()


def test_the_answer_forms_while_it_records_by_keyboard_and_without_a_disk(
    browser, streamlit_server, microphone_recording
):
    visitor = Visit(browser, streamlit_server, **MOVING)
    page, genre = visitor.page, expected_genre(microphone_recording)
    visitor.settle()
    page.evaluate(PATIENT)
    with disk_full(streamlit_server):  # the sound is in memory alone
        page.get_by_role("button", name="Record", exact=True).focus()
        page.keyboard.press("Enter")
        stop = page.get_by_role("button", name="Stop recording")
        expect(stop).to_be_focused()
        expect(page.get_by_text("10 seconds give a guess, 30 a good answer.")).to_be_visible()
        expect(page.get_by_role("meter")).not_to_have_attribute("aria-valuenow", "0")
        idle = stop.evaluate("button => getComputedStyle(button).backgroundColor")
        forming = page.locator(".recorder-genre b")
        expect(forming).to_have_text(genre)
        expect(page.locator(".recorder-bars i")).to_have_count(3)
        expect(page.locator(".recorder-certainty")).to_have_text(re.compile(r"so far, \d+\s%"))
        expect(stop).not_to_have_css("background-color", idle)
        expect(stop).to_be_focused()  # a rerun leaves it alone
        page.keyboard.press("Space")
        expect(page.get_by_text("Recorded here")).to_be_visible(timeout=BUSY_MS)
        assert visitor.wait_for_answer() == genre
    expect(page.get_by_text("Recording 1")).to_be_visible()
    expect(page.get_by_role("button", name="Record", exact=True)).to_be_enabled()
    expect(forming).to_be_hidden()
    visitor.leave()


def test_it_listens_on_until_it_is_stopped_on_a_phone_and_on_a_stage(
    browser, streamlit_server, microphone_recording
):
    visitor = Visit(browser, streamlit_server, viewport=PHONE, has_touch=True, is_mobile=True, **MOVING)
    page = visitor.page
    visitor.settle()
    page.get_by_role("switch", name="Keep listening until I stop").check()
    page.get_by_role("button", name="Record", exact=True).press("Enter")
    genre = page.locator(".recorder-genre b")
    expect(genre).to_have_text(expected_genre(microphone_recording))
    assert visitor.overflow() <= 0
    expect(genre).to_be_in_viewport()

    page.set_viewport_size(STAGE)
    page.keyboard.press("p")
    expect(genre).to_be_in_viewport(ratio=1)
    assert type_px(page, ".recorder-genre b") > 100
    assert type_px(page, ".recorder-bars") >= READABLE_PX
    waterfall = page.locator(".recorder-waterfall")
    expect(waterfall).to_be_in_viewport(ratio=1)
    before = waterfall.evaluate("canvas => canvas.toDataURL()")
    page.wait_for_function(
        "before => document.querySelector('.recorder-waterfall').toDataURL() !== before", arg=before
    )
    page.keyboard.press("Enter")
    expect(genre).to_be_hidden()
    named = page.locator(".recorder-history li").first
    expect(named).to_have_text(re.compile(f"^0:00.*{expected_genre(microphone_recording)}$", re.DOTALL))
    expect(named).to_be_in_viewport(ratio=1)
    page.keyboard.press("Escape")
    expect(page.get_by_text("Your answer appears here")).to_be_visible()
    visitor.leave()


def test_it_stops_by_itself_after_half_a_minute(browser, streamlit_server):
    visitor = Visit(browser, streamlit_server)
    visitor.page.evaluate(TEN_TIMES)
    visitor.page.get_by_role("button", name="Record", exact=True).click()
    expect(visitor.page.get_by_text("Recorded here, 0:30 long.")).to_be_visible(timeout=BUSY_MS)
    expect(visitor.page.get_by_role("button", name="Record", exact=True)).to_be_enabled()
    visitor.leave()


def test_without_a_microphone_there_are_other_ways(browser, streamlit_server):
    visitor = Visit(browser, streamlit_server)
    page = visitor.page
    record = page.get_by_role("button", name="Record", exact=True)
    for name, sentence in (
        ("NotAllowedError", "The browser refused the microphone."),
        ("NotReadableError", "Another program uses the microphone."),
        ("NotFoundError", "This device has no microphone"),
    ):
        page.evaluate(NO_MICROPHONE.replace("NAME", name))
        record.click()
        alert = page.get_by_role("alert").filter(has_text=sentence)
        expect(alert).to_contain_text("choose a file or an example below")
        expect(record).to_be_enabled()
    alert.get_by_role("button", name="Use the plain recorder").click()
    plain = page.get_by_test_id("stAudioInput")
    expect(plain).to_be_visible(timeout=BUSY_MS)
    page.evaluate(SLEEPING_AUDIO)
    record.first.click()
    alert = page.get_by_role("alert").filter(has_text="This browser cannot run Earmark's recorder.")
    expect(alert).to_contain_text("Use the plain one")
    plain.get_by_role("button", name="Record", exact=True).click()
    page.wait_for_timeout(3_000)
    plain.get_by_role("button", name="Stop recording").click()
    visitor.wait_for_answer()
    visitor.leave()


def test_an_unplugged_microphone_leaves_what_was_heard(browser, streamlit_server):
    visitor = Visit(browser, streamlit_server)
    page = visitor.page
    page.evaluate("""() => {
        const ask = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
        navigator.mediaDevices.getUserMedia = async wish => (window.microphone = await ask(wish));
    }""")
    page.get_by_role("button", name="Record", exact=True).click()
    expect(page.locator(".recorder-word")).to_have_text(re.compile(r"^[2-9] s$"))  # of sound that has come
    page.evaluate("window.microphone.getAudioTracks()[0].dispatchEvent(new Event('ended'))")
    visitor.wait_for_answer()
    expect(page.get_by_text("The microphone was unplugged.")).to_be_visible()
    visitor.leave()
