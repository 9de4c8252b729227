"""The CSS of the pages, as <style> elements for st.html or unsafe markdown; presenter/ has that of a room."""

# Streamlit leaves a hand's breadth between the links at the top and the title, and more below the last
# element, where the presenter's button needs some. Its own style comes after the document's
# (browser/first_paint.py), which .stApp outweighs.
TOP = """<style>
    .stApp [data-testid=stMainBlockContainer] { padding-top: 4.6rem; padding-bottom: 4.5rem; }
    .stApp [data-testid=stMainBlockContainer] h1 { padding-top: .4rem; }
</style>"""

# A button whose key begins with icon_ shows its icon alone; a screen reader reads its label.
ICON_BUTTONS = """<style>[class*="st-key-icon_"] :is(button, a) :is([data-testid=stMarkdownContainer], p) {
    position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }</style>"""

# Streamlit's own are faint on the links at the top, and missing on the microphone.
FOCUS_RINGS = """<style>
    :is(a, button, summary, [role=radio], [role=tab], [role=slider]):focus-visible,
    :has(> [role=combobox]:focus-visible) {
        outline: 3px solid #D9702E !important; outline-offset: 2px !important; border-radius: .4rem; }
    [data-testid=stMain]:focus-visible { outline: 2px solid #D9702E; outline-offset: -2px; }
    [data-testid=stMain]:focus-visible::before { content: none !important; }  /* Streamlit's, beside ours */
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

# On a phone Streamlit hides the pages behind an icon without a word. Fingers need 44 pixels.
TOUCH = """<style>
    [data-testid=stExpandSidebarButton] { width: auto !important; min-height: 2.75rem; padding: 0 .8rem;
        border: 1px solid #8A909966 !important; border-radius: .6rem; font-weight: 600; gap: .4rem; }
    [data-testid=stExpandSidebarButton] > * { display: none; }
    [data-testid=stExpandSidebarButton]::before { content: "menu"; font-feature-settings: "liga";
        font: 400 1.4rem/1 "Material Symbols Rounded"; }
    [data-testid=stExpandSidebarButton]::after { content: "Menu"; }
    [data-testid=stHeader]:has([data-testid=stExpandSidebarButton])
        div:has(> [data-testid=stToolbarActions]) { width: auto; min-width: 0; flex: 1 1 0; }
    @media (hover: none) { button [aria-label^="Shortcut "] { display: none; } }  /* there are no keys */
    @media (hover: none), (max-width: 640px) {
        .stApp :where(.stButton, .stDownloadButton, .stFormSubmitButton, .stPopover, .stLinkButton,
            .stPageLink, .stButtonGroup, .stFileUploader)
            :is(button, a, [role=radio]):where(:not([data-testid=stTooltipIcon] *)),
        .stApp :is(summary, .stCheckbox label, .stTextInput input, .recorder-live,
            [data-testid=stSidebarNavLink]) { min-height: 2.75rem; }
        :is([data-testid=stMainMenuButton], [data-testid=stSidebarCollapseButton] button) {
            min-width: 2.75rem; min-height: 2.75rem; }
        .stCheckbox label { align-items: center; }
        [data-testid=stTooltipHoverTarget] { position: relative; }
        button[data-testid=stTooltipHoverTarget]::after { content: ""; position: absolute;
            inset: -.875rem; }
    }
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
    :root:not(.presenting) .answer-played { display: none; }  /* on the page it stands below the answer */
    .answer-played i { font: 400 1em/1 "Material Symbols Rounded"; font-feature-settings: "liga";
        vertical-align: -.12em; margin-right: .3em; }
    .answer .answer-genre { display: flex; align-items: center; justify-content: center; gap: .18em;
        font-size: clamp(3.2rem, 13vw, 5.6rem); font-weight: 800; line-height: 1.08; letter-spacing: -.01em;
        color: var(--genre); }
    .answer-mark { font: 400 .82em/1 "Material Symbols Rounded"; font-feature-settings: "liga"; }
    .answer-certainty { font-size: 1rem; opacity: .85; }
    :root:not(.presenting) .answer-record { display: none; }
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

# pages/listening/examples.py: the songs, and ten short names, each in one row of a wide page.
EXAMPLES = """<style>
    .st-key-songs button { min-height: 2.2rem; padding: .1rem .7rem; }
    .st-key-examples > * { flex: 1 1 auto; }
    .st-key-examples button { width: 100%; padding-inline: .4rem; }
</style>"""

# Train and My music are wider than the Listen page, for charts and tables, no wider than one can read.
# Plotly's toolbar comes and goes with a pointer; under a finger it would stay and cover the chart.
# Streamlit's own covers what stands above a chart that grows, such as the button that stops all.
WIDE_PAGE = """<style>
    .stApp [data-testid=stMainBlockContainer] { max-width: 72rem; }
    [data-testid=stElementContainer]:has(.stVegaLiteChart) [data-testid=stElementToolbar] { display: none; }
    @media (hover: none) { .modebar { display: none !important; } }
</style>"""

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
</style>"""

# The Generate page is wider than the Listen page.
MEDIUM_PAGE = "<style>.stApp [data-testid=stMainBlockContainer] { max-width: 58rem; }</style>"

# All others are as wide as Streamlit has them.
NARROW_PAGE = "<style>.stApp [data-testid=stMainBlockContainer] { max-width: 736px; }</style>"
PAGE_WIDTHS = {"train": WIDE_PAGE, "music": WIDE_PAGE, "generate": MEDIUM_PAGE, "guess": MEDIUM_PAGE}


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

# pages/generation/pieces/, whose own style comes late: the place of a row of ten, or of two of five.
STORED_PIECES = """<style>
    .st-key-stored_pieces { min-height: 6.2rem; }
    @media (max-width: 640px) { .st-key-stored_pieces { min-height: 12.9rem; } }
    .st-key-stored_sounds { display: none; }
</style>"""

# pages/shared/play_button/: its sound is an audio element that nobody sees.
SOUND_WITH_BUTTON = """<style>
    [class*=st-key-button_sound_] [data-testid=stElementContainer]:has(.stAudio) { display: none; }
</style>"""

# pages/shared/playlist_view.py
SONG_LIST = """<style>
    .song-picture { width: 6.5rem; aspect-ratio: 16 / 9; border-radius: .4rem;
                    background: #8A909940 center / cover; }
    .song-name, .song-facts, .song-why { display: -webkit-box; -webkit-box-orient: vertical; overflow: hidden;
                              overflow-wrap: anywhere; }
    .song-name { line-height: 1.3; -webkit-line-clamp: 2; }
    :is(.song-facts, .song-why) { font-size: .85rem; opacity: .72; line-height: 1.45; -webkit-line-clamp: 1; }
    .song-why { -webkit-line-clamp: 2; }
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

# pages/mood.py: on a phone its views stand in one row.
MOOD_VIEWS = """<style>
    [data-testid=stCameraInputButton] { background: #0F6E6E !important; color: #fff !important; }
    @media (max-width: 640px) { .st-key-view :has(> [data-testid=stIconMaterial]) { display: none; }
        .st-key-view [role=radio] { padding-inline: .5rem; }
        .st-key-view [role=radio] * { gap: 0; } }
</style>"""

# Styles of pages/moods/act.py: cards of moods, and who was right.
ACT_CARDS = """<style>
    .act-fan { display: flex; justify-content: center; padding: 1.6rem 0 .9rem; }
    .act-fan i, .act-card { display: grid; place-content: center; justify-items: center; border-radius: .8rem;
        border: 3px solid var(--mood);
        background: color-mix(in srgb, var(--mood) 16%, Canvas); }
    .act-fan i { width: 5.6rem; height: 7.6rem; margin: 0 -.75rem; rotate: var(--turn);
        transform-origin: 50% 180%; font-size: 2.9rem; animation: act-deal .5s var(--wait) backwards; }
    .act-fan i, .act-card i { color: var(--mood); }
    .act-card { width: 8rem; height: 10.5rem; animation: act-turn .35s; }
    .act-card i { font-size: 4.4rem; }
    .act-card b { font-size: 1.15rem; margin-top: .5rem; }
    .act-card.is-down { --mood: #0F8A8A; font-size: 4.4rem; font-weight: 800; color: #fff;
        background: repeating-linear-gradient(45deg, #0F6E6E 0 .7rem, #0C5F5F .7rem 1.4rem); }
    .stApp .st-key-act [role=radiogroup] { grid-template-columns: repeat(4, 1fr); }
    .act-symbol { font: 400 1em/1 "Material Symbols Rounded"; font-feature-settings: "liga"; }
    .act-guesses, .act-scenes { display: grid; gap: .5rem; }
    .act-guesses p { margin: 0; padding: .55rem .9rem; border-radius: .7rem; font-size: 1.15rem;
        border-left: .5rem solid var(--tone); background: color-mix(in srgb, var(--tone) 14%, transparent); }
    .act-guesses .act-symbol { color: var(--tone); font-size: 1.5rem; vertical-align: -.3rem;
        margin-right: .3rem; animation: act-deal .4s .2s backwards; }
    .act-guesses p b + b { float: right; }
    .is-right { --tone: #2E9A5B; }
    .is-wrong { --tone: #CF4B4B; }
    .act-score { display: flex; gap: 1rem; }
    .act-score div { flex: 1; padding: .6rem; border-radius: .9rem; text-align: center; font-size: 1.15rem;
        border: 2px solid #8A909955; }
    .act-score b { display: block; font-size: 4.6rem; line-height: 1.1; }
    .act-score .is-winner { border-color: #0F8A8A; background: #0F8A8A26; animation: act-deal .5s; }
    .act-scenes { grid-template-columns: max-content 1fr 1fr; gap: .3rem 1.2rem; align-items: center; }
    .act-scenes .act-symbol { color: var(--tone); vertical-align: -.12em; margin-right: .25rem; }
    @keyframes act-deal { from { opacity: 0; scale: .5; } }
    @keyframes act-turn { from { rotate: y 90deg; } }
    @media (prefers-reduced-motion: reduce) { [class^=act-] * , .act-card { animation: none !important; } }
    @media (max-width: 640px) { .act-fan i { width: 3.9rem; height: 5.4rem; font-size: 2rem;
        margin: 0 -.8rem; } .act-scenes { grid-template-columns: max-content 1fr; }
        .act-scenes > :nth-child(3n) { grid-column: 2; margin-bottom: .5rem; } }
</style>"""

# The racers at the start, and the finishing line.
LANES = """<style>
    .stHtml ol.lanes { list-style: none; margin: .3rem 0 .2rem; padding: 0 3.2rem 0 0; position: relative; }
    .lanes::after { content: ""; position: absolute; right: 0; top: 0; bottom: 0; width: 2rem;
        background: repeating-conic-gradient(currentColor 0 25%, transparent 0 50%) 0 0 / 1rem 1rem;
        opacity: .55; }
    .lanes li { display: flex; align-items: center; gap: 1rem; margin: 0; padding: 1.1rem 0;
        border-bottom: 2px dashed #8A909966; }
    .lanes li:first-child { border-top: 2px dashed #8A909966; }
    .lanes i { font: 400 2.8rem/1 "Material Symbols Rounded"; font-feature-settings: "liga";
        color: var(--colour); }
    .stHtml p.race-question { margin: 0 0 .6rem; font-size: 1.75rem; font-weight: 600; line-height: 1.2; }
    .lanes.is-racing li:not(.is-running) :is(i, p) { opacity: .6; }
    .lanes p { margin: 0; line-height: 1.35; }
    @media (prefers-reduced-motion: no-preference) {
        .lanes .is-running i { animation: lane-run .7s ease-in-out infinite; }
        .lanes .is-running:nth-child(2n) i { animation-delay: -.3s; }
        @keyframes lane-run { 50% { translate: 1.1rem -.2rem; } }
    }
    .lanes b { display: block; font-size: 1.35rem; }
    @media (max-width: 640px) { .lanes li { padding: .5rem 0; gap: .7rem; } }
    .st-key-start_race button, .st-key-watch_race button { padding: .7rem 1.8rem; }
    :is(.st-key-start_race, .st-key-watch_race) button p { font-size: 1.25rem; font-weight: 600; }
    .st-key-chapters { padding: 1.2rem 0 .6rem; }
</style>"""

# The race: a name that stands over a line stays legible.
RACE = """<style>.st-key-race .mark-text text { paint-order: stroke; stroke: light-dark(#FCFBF8, #14181B);
    stroke-width: 5px; stroke-linejoin: round; }
    .race-why { margin: 0; opacity: .85; }</style>"""


def place_kept(key: str, height_px: int) -> str:
    """Keep the place of what comes late in the container of this key, so that nothing below it jumps."""
    return f"<style>.st-key-{key} {{ min-height: {height_px}px; }}</style>"


def mood_heading_colour(colour: str) -> str:
    """Return the style of the heading of pages/moods/labels.py that names the mood of a face."""
    mixed = f"color-mix(in srgb, {colour} 62%, currentColor)"
    return f"""<style>.stApp .st-key-mood_now h3 {{ color: {mixed}; font-size: 2rem; padding: 0; }}
    @media (min-width: 641px) {{ .stApp .st-key-portrait_large .st-key-mood_now h3 {{ font-size: 2.6rem; }}
        .st-key-portrait_large .mood-bars {{ margin-top: .5rem; }} }}
    </style>"""


def mood_cards(colours: list[str], key: str = "mood") -> str:
    """The pills of the moods as large cards, each in its colour; `key` is that of the widget."""
    cards = "".join(
        f".st-key-{key} [role=radio]:nth-child({n}) {{ --mood: {colour}; }}"
        for n, colour in enumerate(colours, 1)
    )
    return f"""<style>{cards}
    .st-key-{key} {{ width: 100%; min-height: 7.3rem; }}  /* as tall as with its cards, which come late */
    .st-key-{key} > .stElementContainer, .st-key-{key} .stButtonGroup {{ width: 100% !important; }}
    .st-key-{key} [role=radiogroup] {{ display: grid; width: 100%; max-width: none;
        grid-template-columns: repeat(auto-fit, minmax(5.1rem, 1fr)); }}
    @media (min-width: 641px) {{  /* with moods of one's own no card stands alone */
        .st-key-{key} [role=radiogroup]:has(> :nth-child(9)) {{ grid-template-columns: repeat(5, 1fr); }}
        .st-key-{key} [role=radiogroup]:has(> :nth-child(11)) {{
            grid-template-columns: repeat(auto-fit, minmax(6.2rem, 1fr)); }} }}
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


# Styles of pages/library/, besides its map (map/style.py).
LIBRARY = """<style>
    [class*=st-key-library_songs] [data-testid=stFileUploaderDropzone] button { background: #0F6E6E;
        border-color: #0F6E6E; color: #fff !important; }
    :root:not(.presenting) .stage-songs { display: none; }
    /* What plays stays in sight, whichever song of the table was pressed. */
    :root:not(.presenting) :not(.st-key-library_map_top) > [data-testid=stLayoutWrapper]:has(>
        .st-key-library_player) { position: sticky; bottom: .6rem; z-index: 5;
        background: light-dark(#FCFBF8, #14181B); border-radius: .5rem;
        box-shadow: 0 .2rem 1.2rem #0003; }
    /* Names of genres in a map stand in a frame of their colour. */
    :is(.st-key-library_map, .st-key-library_map_to_come) .annotation .bg { rx: 5px;
        fill: light-dark(#FCFBF8, #14181B) !important; fill-opacity: .7 !important; }
    .st-key-library_map_to_come .annotation text { fill: light-dark(#1F2326, #ECE9E2) !important; }
    @media (hover: none) { .st-key-library_table [data-testid=stElementToolbar] { display: none; } }
    @media (max-width: 640px) { .st-key-library_view :has(> [data-testid=stIconMaterial]) { display: none; } }
</style>"""
