"""All CSS of the pages, as <style> elements for st.html or unsafe markdown."""

# Streamlit leaves a hand's breadth between the links at the top and the title. Its own style comes after the
# document's (browser/first_paint.py), which .stApp outweighs.
TOP = """<style>
    .stApp [data-testid=stMainBlockContainer] { padding-top: 4.6rem; }
    .stApp [data-testid=stMainBlockContainer] h1 { padding-top: .4rem; }
</style>"""

# A button whose key begins with icon_ shows its icon alone; a screen reader reads its label.
ICON_BUTTONS = """<style>[class*="st-key-icon_"] :is(button, a) :is([data-testid=stMarkdownContainer], p) {
    position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }</style>"""

# Streamlit's own are faint on the links at the top, and missing on the microphone.
FOCUS_RINGS = """<style>
    :is(a, button, summary, [role=radio], [role=tab], [role=slider], [role=combobox]):focus-visible {
        outline: 3px solid #D9702E !important; outline-offset: 2px !important; border-radius: .4rem; }
    [data-testid=stMain]:focus-visible { outline: 2px solid #D9702E; outline-offset: -2px; }
</style>"""

# Streamlit's captions are too faint in the light, and what it writes in the primary colour in the dark.
CONTRAST = """<style>
    [data-testid=stCaptionContainer] { opacity: .72 !important; }
    [data-testid=stButtonGroup] [data-selected=true], [data-testid=stSliderThumbValue],
    [data-testid=stButtonGroup] [data-selected=true] *, [data-testid=stSliderThumbValue] *,
    :is([data-testid=stBaseButton-secondary], [data-testid=stBaseButton-tertiary]):is(:hover, :focus,
        :active) {
        color: inherit !important; }
</style>"""

# The uploader lists its files for good: three of them are enough, refused ones come first.
SHORT_FILE_LIST = """<style>
    [data-testid=stFileChips] > div { max-height: 9.5rem !important; }
</style>"""

# Styles of pages/listening/answer/marks.py. Its symbols are of the font that Streamlit brings along.
ANSWER = """<style>
    .answer { text-align: center; }
    .answer p, .answer h2 { margin: 0; padding: 0; }
    .answer-lead { font-size: 1.05rem; opacity: .8; }
    .answer .answer-genre { display: flex; align-items: center; justify-content: center; gap: .18em;
        font-size: clamp(3.2rem, 13vw, 5.6rem); font-weight: 800; line-height: 1.08; letter-spacing: -.01em;
        color: var(--genre); }
    .answer-mark { font: 400 .82em/1 "Material Symbols Rounded"; font-feature-settings: "liga"; }
    .answer-certainty { font-size: 1rem; opacity: .85; }
    .answer-certainty b { font-size: 1.35rem; font-weight: 650; margin-right: .25rem; }
    .answer-bars { display: grid; grid-template-columns: max-content 1fr 3rem; gap: .35rem .7rem;
        text-align: left; align-items: center; max-width: 30rem; margin: .7rem auto 0; }
    .answer-bars i { display: block; height: .8rem; border-radius: .4rem; min-width: 3px; }
    .answer-bars .track { background: #8A909926; }
    .answer-bars b { font-weight: 500; text-align: right; font-variant-numeric: tabular-nums; }
    .st-key-answer_sound audio { width: 100%; }
    .answer-moments { width: 100%; table-layout: fixed; border-collapse: collapse;
        font-variant-numeric: tabular-nums; }
    .answer-moments :is(th, td) { padding: .3rem .4rem; text-align: right; font-weight: 400;
        border: 0 solid #8A909940; border-bottom-width: 1px; }
    .answer-moments tr:first-child th { font-weight: 600; }
    .answer-moments th:first-child { text-align: left; }
</style>"""

# The Train page is wider than the Listen page, for charts side by side, and no wider than lines can be read.
# Plotly's toolbar comes and goes with a pointer; under a finger it would stay and cover the chart.
WIDE_PAGE = (
    "<style>.stApp [data-testid=stMainBlockContainer] { max-width: 72rem; } "
    "@media (hover: none) { .modebar { display: none !important; } } "
    # On the presenter's stage, which is zoomed, Streamlit gives a chart too much width. The race comes first.
    ".presenting svg.marks { max-width: 100%; height: auto; } "
    ".presenting:has(.st-key-race) :is([class*=st-key-watched_], .st-key-play_songs, .st-key-play_new, "
    ".st-key-train_about, [data-testid=stAlertContentSuccess] p) { display: none !important; }</style>"
)

# Styles of pages/training/papers/.
PAPER_CARDS = """<style>
    .paper-sentence { margin: 0 0 .4rem; font-size: clamp(1.5rem, 4.2vw, 2.3rem); font-weight: 600;
        line-height: 1.25; letter-spacing: -.01em; text-wrap: balance; }
    .paper-sentence b { font-weight: 800; white-space: nowrap; }
    .paper-sentence small { display: block; margin-top: .35rem; font-size: .95rem; font-weight: 400;
        letter-spacing: 0; opacity: .75; }
    .paper-bars { display: grid; grid-template-columns: max-content 1fr 4.1rem; gap: .5rem .7rem;
        align-items: center; line-height: 1.25; }
    .paper-bars i { display: block; height: .8rem; border-radius: .4rem; }
    .paper-bars .track { background: #8A909926; border-radius: .4rem; }
    .paper-bars b { font-weight: 600; text-align: right; font-variant-numeric: tabular-nums; }
    [class*=st-key-paper_] h4 { padding: 0 0 .2rem; font-size: 1.15rem; }

    /* For a room: the sentence, then each paper's bars. */
    .presenting:has(.paper-sentence) .st-key-train_about { display: none; }
    .presenting .paper-sentence { font-size: 3.6rem; }
    .presenting :is(.paper-sentence small, .paper-bars) { font-size: 1.5rem; }
    .presenting .paper-bars { grid-template-columns: max-content 1fr 6rem; }
</style>"""

# Styles of pages/training/setup/line_up.py: on the stage it is all there is of the step Set up, with Start.
LINE_UP = """<style>
    :root:not(.presenting) .line-up { display: none; }
    .presenting:has(.line-up) :is(h1, .st-key-train_about, .st-key-chapters, .st-key-other_ways,
        [data-testid=stColumn]:has(.st-key-racers)),
    .presenting:has(.line-up) [data-testid=stMainBlockContainer] > [data-testid=stVerticalBlock] >
        :not(:has(.line-up, .st-key-start, .st-key-start_race)) { display: none !important; }
    .presenting:has(.line-up) [data-testid=stElementContainer]:is(.st-key-start, .st-key-start_race),
    .presenting:has(.line-up) :is(.st-key-start, .st-key-start_race) .stButton { display: flex !important; }
    .presenting [data-testid=stColumn]:has(.line-up) { flex: 1 1 100%; }
    .presenting .line-up p { font-size: 1.6rem; margin: .2rem 0; }
    .presenting .line-up .line-up-task { font-size: 2.6rem; margin-top: .6rem; font-weight: 700;
        line-height: 1.15; }
    .presenting .line-up ol { list-style: none; padding: 0; margin: 1rem 0; display: grid; gap: .55rem; }
    .presenting .line-up li { font-size: 2.6rem; font-weight: 700; line-height: 1.15;
        padding: .25rem 0 .25rem 1rem; border-left: .55rem solid #0F8A8A; }
    .presenting:has(.line-up) :is(.st-key-start, .st-key-start_race) button { padding: .7rem 2.2rem; }
    .presenting:has(.line-up) :is(.st-key-start, .st-key-start_race) button :is(p, span) {
        font-size: 2rem !important; }
</style>"""

# The Generate page is wider than the Listen page.
MEDIUM_PAGE = "<style>.stApp [data-testid=stMainBlockContainer] { max-width: 58rem; }</style>"

# All others are as wide as Streamlit has them.
NARROW_PAGE = "<style>.stApp [data-testid=stMainBlockContainer] { max-width: 736px; }</style>"
PAGE_WIDTHS = {"train": WIDE_PAGE, "generate": MEDIUM_PAGE, "guess": MEDIUM_PAGE}


def page_style(path: str) -> str:
    """Return the style of a page's outline by its path, which is empty for the first page."""
    return TOP + PAGE_WIDTHS.get(path, NARROW_PAGE)


# Styles of pages/generation/html.py.
PICTURE_STRIP = """<style>
    .earmark-strip { display: grid; gap: .5rem;
                     grid-template-columns: repeat(auto-fit, minmax(3.6rem, 1fr)); }
    .earmark-strip figure { margin: 0; }
    .earmark-strip img { width: 100%; display: block; border-radius: .4rem; }
    .earmark-strip figcaption { font-size: .75rem; opacity: .7; text-align: center; padding-top: .15rem; }
</style>"""

# pages/generate.py
STORED_PIECES = """<style>.st-key-stored_pieces img { height: 4.6rem; object-fit: cover; }</style>"""

# pages/shared/playlist_view.py
SONG_LIST = """<style>
    .song-picture { width: 6.5rem; aspect-ratio: 16 / 9; border-radius: .4rem;
                    background: #8A909940 center / cover; }
    .song-name, .song-facts { display: -webkit-box; -webkit-box-orient: vertical; overflow: hidden;
                              overflow-wrap: anywhere; }
    .song-name { line-height: 1.3; -webkit-line-clamp: 2; }
    .song-facts { font-size: .85rem; opacity: .7; line-height: 1.45; -webkit-line-clamp: 1; }
    [class*="_song_"] button [data-testid=stIconMaterial] { font-size: 1.7rem !important; }
    [class*="_song_"] a [data-testid=stIconMaterial] { font-size: 1.4rem !important; }
    @media (max-width: 640px) { .song-picture { width: 4.6rem; } .song-name { font-size: .93rem; } }
</style>"""

# Styles of pages/access/invite.py.
QR_CODE = """<style>
    .qr-code { max-width: 20rem; margin: 0 auto; background: #fff; border-radius: .75rem; overflow: hidden;
               border: 1px solid #8A909940; }
    .qr-code img { display: block; width: 100%; height: auto; }
</style>"""

# Styles of pages/moods/labels.py.
MOOD_BARS = """<style>
    .mood-bars { display: grid; grid-template-columns: max-content 1fr 2.9rem; gap: .3rem .7rem;
                 align-items: center; font-size: .92rem; line-height: 1.25; }
    .mood-bars i { display: block; height: .62rem; border-radius: .31rem; min-width: 2px; }
    .mood-bars i.track { background: #8A909926; }
    .mood-bars b { font-weight: 500; text-align: right; font-variant-numeric: tabular-nums; }
    .mood-bars .rest { opacity: .62; }
</style>"""

# Styles of pages/game/: what is read from the back row.
GAME = """<style>
    .game-truth { font-size: clamp(2rem, 6vw, 3.6rem); font-weight: 700; line-height: 1.15; margin: .3rem 0;
                  padding-left: .9rem; border-left: .6rem solid var(--truth); }
    .game-truth span { font-weight: 400; opacity: .75; }
    .game-bars { display: grid; grid-template-columns: max-content 1fr 2.9rem; gap: .35rem .7rem;
                 align-items: center; }
    .game-bars i { display: block; height: .8rem; border-radius: .4rem; min-width: 2px; }
    .game-bars i.track { background: #8A909926; }
    .game-bars b { text-align: right; font-variant-numeric: tabular-nums; }
    :is(.st-key-game_options, .st-key-phone_options) button { min-height: 4.6rem; }
    .st-key-game_options { display: grid; grid-template-columns: repeat(auto-fit, minmax(8.5rem, 1fr)); }
    :is(.st-key-game_options, .st-key-phone_options) button p { font-size: 1.25rem; font-weight: 600; }

    /* In the presenter's view its buttons stay: they are what one chooses from. */
    .presenting :is(.st-key-game_options, .st-key-next, .st-key-show_answer, .st-key-start_game,
        .st-key-again) :is(.stButton, [data-testid=stElementContainer]),
    .presenting [data-testid=stElementContainer]:is(.st-key-next, .st-key-show_answer, .st-key-start_game,
        .st-key-again, [class*=st-key-option_]) { display: flex !important; }
    .presenting [class*=st-key-option_] button p { font-size: 2rem !important; }
</style>"""

# The presenter's view (pages/shared/presenter.py): a stage of 1000 x 562 pixels, as large as the screen.
# Nothing that is to be read on it is smaller than 1.5 rem: letters of 4.6 cm on a screen two metres wide.
PRESENTER = """<style>
    #earmark-present { position: fixed; right: 1rem; bottom: 1rem; z-index: 1000; width: 2.75rem;
        height: 2.75rem;
        border: 1px solid #8A909966; border-radius: 50%; cursor: pointer; color: #fff; background: #0F6E6E;
        font: 400 1.5rem/1 "Material Symbols Rounded"; font-feature-settings: "liga"; overflow: hidden;
        padding: 0; }
    #earmark-present:focus-visible { border-radius: 50%; }
    #earmark-present-note { position: fixed; left: 50%; bottom: 1.5rem; z-index: 1000; translate: -50%;
        margin: 0; padding: .5rem 1.2rem; border-radius: 1rem; background: #14181B; color: #fff;
        font: 600 1.3rem sans-serif; }
    #earmark-present-note:empty, .presenting #earmark-present { display: none; }
    @media (max-width: 640px) { #earmark-present { display: none; } }

    .presenting [data-testid=stHeader],
    .presenting [data-testid=stElementContainer]:has(.stButton, .stDownloadButton, .stLinkButton, .stPageLink,
        .stFileUploader, .stSelectbox, .stMultiSelect, .stSlider, .stCheckbox, .stTextInput, .stTextArea,
        .stRadio, .stNumberInput, .stButtonGroup, .stPopover, .stAudioInput, .stCameraInput, .stDataFrame),
    .presenting :is(.stExpander, .stPopover, [data-testid=stElementToolbar], [data-testid=stTooltipIcon],
        .stHeadingActionElements, .stCaptionContainer, [data-testid=stCaptionContainer]) {
        display: none !important; }
    .presenting [data-testid=stMain] { zoom: var(--stage-zoom, 1); }
    .presenting [data-testid=stMainBlockContainer] { max-width: 60rem; padding: 1.2rem 1.5rem; }
    .presenting :is([data-testid=stMarkdownContainer], .stText, .song-name) { font-size: 1.5rem;
        line-height: 1.35; }
    .presenting :is([data-testid=stMarkdownContainer] p, .song-facts, .mood-bars) { font-size: 1.5rem; }
    .presenting h1 { font-size: 2rem !important; padding: 0; }
    .presenting :is(h2, h3):not(.answer-genre) { font-size: 2.2rem !important; }
    .presenting [data-testid=stMetricValue] * { font-size: 3rem !important; line-height: 1.1; }

    /* Generate: the piece. Mood: one face, one word, one song. */
    .presenting:has(.st-key-item, .st-key-waiting, .st-key-empty_state) [data-testid=stMainBlockContainer] >
        [data-testid=stVerticalBlock] > :not(:has(h1, .st-key-item, .st-key-waiting, .st-key-empty_state)),
    .presenting :has(> .st-key-open_camera), .presenting:has(.st-key-mood) .mood-bars,
    .presenting:has(.st-key-mood) [data-testid=stElementContainer]:has(.stMarkdown),
    .presenting:has(.st-key-mood):has([data-testid=stColumn] h3) [data-testid=stElementContainer]:has(h3):not(
        [data-testid=stColumn] *),
    .presenting [class*=_song_] ~ [class*=_song_] { display: none !important; }
    .presenting .st-key-item [data-testid=stPlotlyChart], .presenting .st-key-empty_state img { zoom: 1.3; }
    .presenting:has(.st-key-mood) h1 { display: none; }
    .presenting:has(.st-key-mood) h3 { font-size: 4rem !important; line-height: 1.1; }
    .presenting:has(.st-key-mood) [data-testid=stImage] img { max-height: 18rem; object-fit: contain; }
    .presenting .song-picture { width: 12rem; }

    /* Listen: the answer fills the stage; while something is heard, the recorder does. */
    .presenting:has(.recorder) [data-testid=stMainBlockContainer] > [data-testid=stVerticalBlock] >
        :not(:has(.recorder, .answer)) { display: none !important; }
    .presenting .st-key-answer { border: 0 !important; padding: 0 !important; gap: .4rem; }
    .presenting .st-key-answer > :not(:has(> .stHtml .answer, > .stHtml .answer-bars, .player, audio)),
    .presenting .st-key-results > :not(.st-key-answer, :has(.st-key-answer)) { display: none !important; }
    .presenting .st-key-answer_sound { position: absolute; width: 1px; height: 1px; overflow: hidden;
        opacity: 0; }
    .presenting .answer-lead { font-size: 1.5rem; }
    .presenting .answer .answer-genre { font-size: 7rem; line-height: 1; }
    .presenting .answer-certainty, .presenting .answer-certainty b { font-size: 1.9rem; }
    .presenting .answer-bars { font-size: 1.5rem; max-width: 44rem;
        grid-template-columns: max-content 1fr 4.2rem; }
    .presenting .answer-bars i { height: 1.1rem; border-radius: .55rem; }
    .presenting .player .player-readout { font-size: 1.5rem; text-align: center; }
    .presenting .player-picture canvas { height: 9rem; }
    .presenting .player-legend { display: none; }
    .presenting .recorder { --size: 8.5rem; font-size: 1.5rem; }
    .presenting .recorder-live,
        .presenting:has(.answer) .recorder[data-state=idle] .recorder-hint { display: none; }
    .presenting:has(.answer) .recorder[data-state=idle] { --size: 6rem; position: fixed; left: 1rem;
        top: .5rem;
        z-index: 5; }
    .presenting:has(.answer) .recorder[data-state=idle] .recorder-mark { font-size: 2.6rem; width: 2.6rem;
        height: 2.6rem; }
    .presenting:has(.answer) .recorder[data-state=idle] .recorder-word { display: none; }
    .presenting:not(:has(.answer)) .recorder[data-state=idle] { --size: 22rem; }
    .presenting:not(:has(.answer)) .recorder[data-state=idle] .recorder-mark { font-size: 9rem; width: 9rem;
        height: 9rem; }
    .presenting:not(:has(.answer)) .recorder-word, .presenting .recorder-word { font-size: 2.4rem; }
    .presenting .recorder-hint { font-size: 1.5rem; }
    .presenting .recorder:not([data-state=idle]) { position: fixed; inset: 0; z-index: 10; display: grid;
        padding: 1rem 2rem; gap: .4rem 2rem; background: var(--st-background-color);
        align-content: space-between;
        grid-template: "stage answer" auto "hint hint" auto "fall fall" 11rem / 17rem 1fr; --size: 16rem; }
    .presenting .recorder-stage { grid-area: stage; margin: auto; }
    .presenting .recorder-meter { display: none; }
    .presenting .recorder:not([data-state=idle]) .recorder-hint { grid-area: hint; }
    .presenting .recorder-answer { grid-area: answer; width: 100%; align-self: center; text-align: left; }
    .presenting .recorder .recorder-genre { font-size: 6.5rem; line-height: 1; justify-content: flex-start; }
    .presenting .recorder-genre .recorder-mark { font-size: 5rem; min-width: 5rem; }
    .presenting .recorder-certainty { font-size: 1.7rem; }
    .presenting .recorder-bars { font-size: 1.6rem; grid-template-columns: max-content 1fr 4.5rem; }
    .presenting .recorder-bars i { height: 1.3rem; border-radius: .65rem; }
    .presenting .recorder-waterfall { grid-area: fall; width: 100%; height: 11rem; }
</style>"""


def place_kept(key: str, height_px: int) -> str:
    """Keep the place of what comes late in the container of this key, so that nothing below it jumps."""
    return f"<style>.st-key-{key} {{ min-height: {height_px}px; }}</style>"


def mood_cards(colours: list[str], key: str = "mood") -> str:
    """The pills of the moods as large cards, each in its colour; `key` is that of the widget."""
    cards = "".join(
        f".st-key-{key} [role=radio]:nth-child({n}) {{ --mood: {colour}; }}"
        for n, colour in enumerate(colours, 1)
    )
    return f"""<style>{cards}
    .st-key-{key} {{ width: 100%; min-height: 7.3rem; }}  /* as tall as with its cards, which come late */
    .st-key-{key} [role=radiogroup] {{ display: grid; width: 100%; max-width: none;
        grid-template-columns: repeat(7, 1fr); }}
    @media (max-width: 640px) {{
        .st-key-{key} [role=radiogroup] {{ grid-template-columns: repeat(4, 1fr); }} }}
    .st-key-{key} [role=radio] {{ padding-inline: .2rem; min-height: 5.2rem; border-radius: .8rem;
        border: 2px solid color-mix(in srgb, var(--mood) 55%, transparent);
        background: color-mix(in srgb, var(--mood) 14%, transparent); color: inherit !important; }}
    .st-key-{key} [role=radio] * {{ overflow: visible; height: auto; white-space: normal; }}
    .st-key-{key} [data-has-shortcut] {{ flex-direction: column; gap: .35rem; }}
    .st-key-{key} [data-testid=stIconMaterial] {{ font-size: 2.1rem; line-height: 1; width: auto;
        color: var(--mood); }}
    .st-key-{key} [role=radio]:hover {{ background: color-mix(in srgb, var(--mood) 26%, transparent); }}
    .st-key-{key} [role=radio][aria-checked=true] {{ border-color: var(--mood) !important; border-width: 4px;
        background: color-mix(in srgb, var(--mood) 34%, transparent) !important; }}
    .st-key-{key} [role=radio][aria-checked=true] p {{ color: inherit; font-weight: 650; }}
    </style>"""


def swatch(colour: str) -> str:
    """Draw a small square, as the legend of a chart has it."""
    return (
        '<span style="display:inline-block;width:.8rem;height:.8rem;border-radius:.2rem;'
        f'background:{colour}"></span>'
    )


# Styles of pages/library/panel.py: the library is wider than the Listen page where there is room.
LIBRARY = """<style>
    @media (min-width: 70rem) {
        .st-key-library:has(.st-key-library_view [aria-checked=true]) {
            width: min(72rem, 100vw - 6rem) !important; max-width: none !important;
            margin-left: 50%; transform: translateX(-50%); }
    }
    @media (hover: none) { .st-key-library .modebar { display: none !important; } }
    @media (max-width: 640px) { .st-key-library_view [data-testid=stIconMaterial] { display: none; }
        .st-key-library_view [role=radio] { padding-inline: .55rem; }
        .st-key-library_view [role=radio] * { gap: 0; } }
</style>"""
