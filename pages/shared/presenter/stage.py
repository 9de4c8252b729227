"""The CSS of the presenter's view: one thing at a time, and large. scenes.py has that of each page.

A stage of 1000 x 562 pixels is as large as the screen. Nothing that is to be read on it is smaller than
1.5 rem: letters of 4.6 cm on a screen two metres wide. The widgets are hidden but for those that come next.
"""

import re

from pages.shared.presenter.scenes.generate import GENERATE
from pages.shared.presenter.scenes.guess import GUESS
from pages.shared.presenter.scenes.listen import LISTEN
from pages.shared.presenter.scenes.mood import MOOD
from pages.shared.presenter.scenes.music import MUSIC
from pages.shared.presenter.scenes.train import TRAIN

_FRAME = """
    #earmark-present { position: fixed; right: 1rem; bottom: 1rem; z-index: 1000; width: 2.75rem;
        height: 2.75rem;
        border: 1px solid #8A909966; border-radius: 50%; cursor: pointer; color: #fff; background: #0F6E6E;
        font: 400 1.5rem/1 "Material Symbols Rounded"; font-feature-settings: "liga"; overflow: hidden;
        padding: 0; }
    #earmark-present:focus-visible { border-radius: 50%; }
    /* The note is for who presents: within the margin below what the room looks at. */
    #earmark-present-note { position: fixed; left: 50%; top: 0; z-index: 1000; translate: -50%; margin: 0;
        padding: .1rem .8rem .2rem; border-radius: 0 0 .5rem .5rem; background: #14181B; color: #fff;
        font: 600 .9rem/1.2 "Source Sans", sans-serif; }
    #earmark-present-note:empty, .presenting #earmark-present { display: none; }
    @media (max-width: 640px) { #earmark-present { display: none; } }
"""

_STAGE = """
.presenting {
    --stage-height: calc(var(--screen-height, 562px) - 2.6rem);  /* within the margins */

    [data-testid=stHeader],
    [data-testid=stElementContainer]:has(.stButton, .stDownloadButton, .stLinkButton, .stPageLink,
        .stFileUploader, .stSelectbox, .stMultiSelect, .stSlider, .stCheckbox, .stTextInput, .stTextArea,
        .stRadio, .stNumberInput, .stButtonGroup, .stPopover, .stAudioInput, .stCameraInput, .stDataFrame
        ):not(.st-key-start, .st-key-start_race, .st-key-watch_race,
        .st-key-to_set_up, .st-key-to_leak, .st-key-to_papers, .st-key-to_minute, .st-key-play_first,
        .st-key-play_another, .st-key-play_back,
        .st-key-paint_first, .st-key-classify, .st-key-hear_before, .st-key-next_genres *,
        [class*=st-key-mood_choice],
        .st-key-open_camera, [class*=st-key-camera_], [class*=st-key-icon_songs_play_],
        [class*=st-key-icon_own_play_], .st-key-take_live_mood, .st-key-show_face,
        .st-key-another_picture, .st-key-photo_songs, .st-key-record,
        [class*=st-key-teach_name_], .st-key-teach, .st-key-try_mood,
        .st-key-start_act, .st-key-turn_card, .st-key-open_act_camera, [class*=st-key-act_photo_],
        [class*=st-key-act_guess_], .st-key-next_mood, .st-key-act_again,
        .st-key-game_mode, .st-key-start_genre, .st-key-start_real,
        [class*=st-key-option_], [class*=st-key-hands_], .st-key-show_answer, .st-key-next, .st-key-skip,
        .st-key-again, .st-key-library_example, .st-key-library_walk_start, .st-key-library_walk_end,
        [class*=st-key-song_]),
    :is(.stExpander, .stPopover, .modebar, [data-testid=stElementToolbar],
        [data-testid=stTooltipIcon]:not(.stButton *),
        [data-testid=stHeaderActionElements], .stHeadingActionElements, [data-testid=stCaptionContainer]) {
        display: none !important; }
    [data-testid=stMain] { zoom: var(--stage-zoom, 1); }
    [data-testid=stElementContainer][data-stale=true] { opacity: 1; }  /* a room sees no fading chart */
    [data-testid=stMain]:focus-visible { outline: none; }
    .stApp .stMainBlockContainer { max-width: 60rem; padding: 1.3rem 1.5rem; }
    :is([data-testid=stMarkdownContainer], .stText, .song-name) { font-size: 1.5rem; line-height: 1.35; }
    :is([data-testid=stMarkdownContainer] p, .song-facts, .song-why, .mood-bars) {
        font-size: 1.5rem; }
    .stApp .stMainBlockContainer h1 { font-size: 2rem !important; padding: 0; }
    :is(h2, h3):not(.answer-genre) { font-size: 2.2rem !important; padding: 0; }
    [data-testid=stMetricValue] * { font-size: 3rem !important; line-height: 1.1; }
    :is(.stButton, .stFormSubmitButton) button { padding: .6rem 1.5rem; }
    :is(.stButton, .stFormSubmitButton) button :is(p, span) { font-size: 1.6rem !important; }
    .stButton button :is([data-testid=stIconMaterial], :has(> [data-testid=stIconMaterial])) { width: auto; }

    /* A chart is laid out as for a phone and enlarged. Streamlit makes it as large as its frame is on the
       screen, so that the frame has to be smaller by both enlargements, that of the stage and this one. */
    --chart-zoom: 1.96;
    [data-testid=stFullScreenFrame]:has(> .stPlotlyChart, .stVegaLiteChart) { overflow: visible;
        width: calc(100% / (var(--measured-zoom, 1) * var(--chart-zoom)));
        height: calc(100% / (var(--measured-zoom, 1) * var(--chart-zoom))); }
    .js-plotly-plot { overflow: visible !important; }
    :is(.js-plotly-plot, svg.marks) { zoom: var(--chart-zoom); }

    /* These take all the room that is left. */
    &:has(.st-key-race, .st-key-counts, .st-key-spectrogram, .st-key-library_map, .st-key-outcome,
        .st-key-leak_drops) .stMainBlockContainer > .stVerticalBlock {
        height: var(--stage-height) !important; }
    :is([data-testid=stLayoutWrapper], [data-testid=stVerticalBlock]):has(.st-key-race, .st-key-counts,
        .st-key-spectrogram, .st-key-other_spectrogram, .st-key-library_map, .st-key-outcome,
        .st-key-leak_drops),
    :is(.st-key-race, .st-key-race > *, .st-key-counts, .st-key-spectrogram, .st-key-other_spectrogram,
        .st-key-library_map, .st-key-outcome, .st-key-outcome > :has(.standings), .st-key-leak_drops,
        .st-key-leak_drops > :has(.drops)) {
        flex: 1 1 0 !important; min-height: 0; height: auto !important; overflow: visible; }
}
"""


def _in_pixels(css: str) -> str:
    """Give lengths in pixels: of others than letters, Safari (26) enlarges no rem and no vh."""
    return re.sub(r"([\d.]+)rem\b", lambda length: f"{16 * float(length[1]):g}px", css)


PRESENTER = f"<style>{_FRAME}{_in_pixels(_STAGE + LISTEN + TRAIN + GENERATE + MOOD + MUSIC + GUESS)}</style>"
