"""The CSS of the page My music in the presenter's view: what comes next, and what is hidden."""

MUSIC = """
.presenting {
    /* What it is for, and the example to try. */
    [data-testid=stForm]:has(.st-key-library_folder)
        [data-testid=stElementContainer]:has(.stFormSubmitButton):not(.st-key-library_example),
    .st-key-library_map :is(.textpoint text, .hoverlayer, .selectionlayer, .zoomlayer),
    .st-key-library_to_come .stMarkdown { display: none; }
    [data-testid=stColumn]:has(.st-key-library_genre_counts) { flex: 1 1 100%; }
    .st-key-library_to_come { border: 0; padding: 0; }

    /* How much was read, and below it the map, the songs or the genres. */
    &:has(.st-key-library_map, .stage-songs, .st-key-library_genre_counts) :is(h1, .stAlert,
        .st-key-library_player audio, .st-key-library_player .stElementContainer:has(.stMarkdownBadge),
        :has(> .st-key-library_player) ~ :not(:has(.st-key-library_walk)), .st-key-library_neighbours,
        [data-testid=stColumn]:has(.st-key-library_feeling_counts)) { display: none; }
    .st-key-library_player { border: 0; padding: 0; }
    .st-key-library_player .stVerticalBlock { flex-direction: row; align-items: baseline; gap: 1.2rem; }
    .st-key-library_player .stVerticalBlock > * { width: auto; }
    .st-key-library_player [data-testid=stCaptionContainer] p { font-size: 1.5rem; }
    &:has(.st-key-library_map) :is([data-testid=stElementContainer]:has(.map-legend, .stAlert),
        .st-key-library_player, :has(> .st-key-library_summary, > .st-key-library_map_mouse)),
    &:has(.walk) :has(> .st-key-library_map_about), .walk { display: none; }
    /* What plays has its name at its dot; the walk, or its end, comes next. */
    .stMainBlockContainer > .stVerticalBlock > :has(.st-key-library_walk) { order: 1; }
    .st-key-library_walk [data-testid=stElementContainer]:has(audio) { position: absolute; width: 1px;
        height: 1px; overflow: hidden; opacity: 0; }
    .st-key-library_map_top { justify-content: flex-start; }
    .st-key-library_map { --chart-zoom: 1.6; }
    .st-key-library_walk button { padding: .2rem 1.2rem; }
    .map-light text { font-size: 21px; }
    .map-light .map-genre { font-size: 17px; }
    .st-key-library_player p strong { font-size: 2.2rem; }
    .st-key-library_player [data-testid=stCaptionContainer] { display: block !important;
        opacity: 1 !important; }
    /* While songs are read: how many, the last one, and a dot for each. */
    &:has(.arrivals) :is(h1, .stProgress [data-testid=stMarkdownContainer]), .arrivals-latest,
        .arrivals-about { display: none; }
    .arrivals { grid-template-columns: 1fr; gap: .5rem; padding: 0; }
    .stApp .arrivals .arrivals-count { display: flex; align-items: baseline; gap: .6rem; font-size: 2rem;
        line-height: 1; }
    .arrivals-count b { font-size: 4rem; font-variant-numeric: tabular-nums; }
    .arrivals-count small { margin-left: auto; font-size: 1.5rem; opacity: .8; }
    .stApp .arrivals .arrivals-last { display: flex; align-items: baseline; gap: 1rem; font-size: 1.8rem;
        line-height: 1.2; padding: .3rem .8rem; border-radius: .6rem; border-left: .6rem solid var(--genre);
        background: color-mix(in srgb, var(--genre) 16%, transparent); }
    .arrivals-last b { flex: 1; min-width: 0; overflow: hidden; text-overflow: ellipsis;
        white-space: nowrap; }
    .arrivals-genres { gap: .1rem; }
    .arrivals-genres li { grid-template-columns: 8rem 1fr 3.5rem; min-height: 1.85rem; font-size: 1.5rem; }
    .arrivals-genres div { gap: .2rem; flex-wrap: nowrap; }
    .arrivals-genres i { width: 1.3rem; height: 1.3rem; flex: 0 1 1.3rem; }
    .stage-songs { margin: 0; padding: 0; list-style: none; display: grid; gap: .45rem; font-size: 1.6rem;
        line-height: 1.2; }
    .stage-songs li { display: grid; grid-template-columns: 1fr 9rem 6rem; gap: 1rem; align-items: baseline;
        padding-left: .8rem; border-left: .55rem solid var(--genre); }
    .stage-songs span { overflow: hidden; white-space: nowrap; text-overflow: ellipsis; }
    .stage-songs small { font-size: 1.5rem; opacity: .8; }
    .stage-songs .stage-more { display: block; border: 0; font-size: 1.4rem; opacity: .8; }
}
"""
