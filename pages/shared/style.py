"""All CSS of the pages, as <style> elements for st.html or unsafe markdown."""

# A button whose key begins with icon_ shows its icon alone; a screen reader reads its label.
ICON_BUTTONS = """<style>[class*="st-key-icon_"] :is(button, a) :is([data-testid=stMarkdownContainer], p) {
    position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }</style>"""

# Streamlit's own are faint on the links at the top, and missing on the microphone.
FOCUS_RINGS = """<style>
    :is(a, button, summary, [role=radio], [role=tab], [role=slider], [role=combobox]):focus-visible {
        outline: 3px solid #D9702E !important; outline-offset: 2px !important; border-radius: .4rem; }
</style>"""

# The uploader lists its files for good: three of them are enough, refused ones come first.
SHORT_FILE_LIST = """<style>
    [data-testid=stFileChips] > div { max-height: 9.5rem !important; }
</style>"""

# The Train page is wider than the Listen page, for charts side by side, and no wider than lines can be read.
# Plotly's toolbar comes and goes with a pointer; under a finger it would stay and cover the chart.
WIDE_PAGE = (
    "<style>[data-testid=stMainBlockContainer] { max-width: 72rem; } "
    "@media (hover: none) { .modebar { display: none !important; } }</style>"
)

# The Generate page is wider than the Listen page.
MEDIUM_PAGE = "<style>[data-testid=stMainBlockContainer] { max-width: 58rem; }</style>"

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


def mood_cards(colours: list[str]) -> str:
    """The pills of the moods as large cards, each in its colour."""
    cards = "".join(
        f".st-key-mood [role=radio]:nth-child({n}) {{ --mood: {colour}; }}"
        for n, colour in enumerate(colours, 1)
    )
    return f"""<style>{cards}
    .st-key-mood [role=radio] {{ flex: 1 1 0; min-width: 5.6rem; min-height: 5.2rem; border-radius: .8rem;
        border: 2px solid color-mix(in srgb, var(--mood) 55%, transparent);
        background: color-mix(in srgb, var(--mood) 14%, transparent); color: inherit !important; }}
    .st-key-mood [role=radio] * {{ overflow: visible; height: auto; white-space: normal; }}
    .st-key-mood [data-has-shortcut] {{ flex-direction: column; gap: .35rem; }}
    .st-key-mood [data-testid=stIconMaterial] {{ font-size: 2.1rem; line-height: 1; width: auto;
        color: var(--mood); }}
    .st-key-mood [role=radio]:hover {{ background: color-mix(in srgb, var(--mood) 26%, transparent); }}
    .st-key-mood [role=radio][aria-checked=true] {{ border-color: var(--mood) !important; border-width: 4px;
        background: color-mix(in srgb, var(--mood) 34%, transparent) !important; }}
    .st-key-mood [role=radio][aria-checked=true] p {{ color: inherit; font-weight: 650; }}
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
        .st-key-library:has(.st-key-library_map, .st-key-library_table, .st-key-library_genre_counts) {
            width: min(72rem, 100vw - 6rem) !important; max-width: none !important;
            margin-left: 50%; transform: translateX(-50%); }
    }
    @media (max-width: 640px) { .st-key-library_view [data-testid=stIconMaterial] { display: none; }
        .st-key-library_view [role=radio] { padding-inline: .55rem; }
        .st-key-library_view [role=radio] * { gap: 0; } }
</style>"""
