"""The CSS of the page Generate in the presenter's view: what comes next, and what is hidden."""

GENERATE = """
:root:not(.presenting):has(.st-key-item) .st-key-waiting .painting,
:root:not(.presenting) :is(.st-key-next_genres, :has(> .st-key-next_genres), .st-key-paint_first,
    .st-key-item .st-key-play_item, .st-key-play_own_sound, .st-key-play_other_sound) { display: none; }
.presenting {
    /* The piece; before there is one, what the painter has made before. */
    &:has(.st-key-item, .st-key-waiting, .st-key-heard_before) .stMainBlockContainer > .stVerticalBlock >
        :not(:has(h1, .st-key-item, .st-key-waiting, .st-key-heard_before)),
    &:has(.st-key-item) :is(h1, .st-key-prediction_bars) { display: none; }
    .st-key-waiting { border: 0; padding: 0; flex: none; }
    &:has(.st-key-waiting) :is(.st-key-heard_before, :has(> .st-key-heard_before)),
    &:has(.st-key-waiting) .st-key-judged:has(.stButton),
    &:has(.st-key-waiting .painting) .st-key-item { display: none; }
    .painting { height: calc(var(--stage-height) - 12rem); font-size: 1.8rem; }
    .st-key-other_sound .painting { height: calc(var(--stage-height) - 19rem); font-size: 1.5rem; }
    &:has(.st-key-item):has(.st-key-waiting) :is(.st-key-actions, .st-key-actions *) { visibility: hidden; }
    .st-key-item { border: 0; padding: 0; }
    .pieces { grid-template-columns: repeat(5, 1fr); gap: .75rem; }
    .piece-picture img { height: calc((var(--stage-height) - 18.6rem) / 2); }
    .piece-name { font-size: 1.5rem; }
    :is(.st-key-actions, .st-key-judged) button { padding: .15rem .8rem; }
    /* The piece's name, its button and its picture from edge to edge: a room reads no hertz. */
    :is(.st-key-spectrogram, .st-key-other_spectrogram) :is(.xtick, .ytick) { display: none; }
    :is(.st-key-spectrogram, .st-key-other_spectrogram) { margin: 0 -1rem -3.4rem -4rem; }
    .st-key-item:not(:has(.st-key-own_sound)) .st-key-spectrogram { margin: 0 0 -3.4rem -8rem;
        width: calc(100% + 10.5rem) !important; max-width: none; }
    :is(.st-key-spectrogram, .st-key-other_spectrogram)::before,
    :is(.st-key-spectrogram, .st-key-other_spectrogram)::after { position: absolute; left: 7.7rem; z-index: 1;
        padding: 0 .4rem; border-radius: .3rem; background: #05040fb3; color: #fff; font-size: 1.5rem;
        line-height: 1.2; }
    :is(.st-key-spectrogram, .st-key-other_spectrogram)::before { content: "high"; top: 1rem; }
    :is(.st-key-spectrogram, .st-key-other_spectrogram)::after { content: "low"; bottom: 4.9rem; }
    .st-key-item > :first-child h3::before { content: "Painted just now: "; font-weight: 400; }
    .st-key-judged p { font-size: 1.9rem; }
    .st-key-item [data-testid=stElementContainer]:has(.stAudio) { display: none; }
    :is(.st-key-item:not(:has(.st-key-own_sound)), .st-key-own_sound, .st-key-other_sound) {
        position: relative;
        & :is(.st-key-play_item, .st-key-play_own_sound, .st-key-play_other_sound) { position: absolute;
            left: 0; top: 0; width: auto; }
        & > :first-child { min-height: 6rem; padding-left: 7.2rem; align-content: center; } }
    .st-key-item .play-button { --size: 6rem; }
    /* The next one, by its genre. */
    .st-key-actions > :has(.st-key-next_genres) { flex: 1 1 100%; max-width: 100%; }
    .st-key-next_genres { gap: .35rem; flex-wrap: nowrap; width: 100%;
        & > :has(.stMarkdown):not(:has(.stButton)) { display: none; }
        & > * { flex: 1 1 auto; width: auto; min-width: 0; }
        & .stButton button { width: 100%; padding: .15rem .2rem; }
        & button p { font-size: 1.5rem !important; } }
    .st-key-hear_before { position: fixed; right: 2.75rem; top: 1.3rem; width: auto !important; }
    .st-key-heard_before { gap: .7rem; }
    .st-key-paint_first { align-self: center; }
    .st-key-paint_first button { padding: .2rem 2rem; }
    /* The network alone beside the piece: one is as wide as the other. */
    [data-testid=stHorizontalBlock]:has(> [data-testid=stColumn] .st-key-own_sound) { flex: 1 1 0 !important;
        min-height: 0; flex-wrap: nowrap; align-items: stretch; }
    [data-testid=stColumn]:has(.st-key-own_sound, .st-key-other_sound) { display: flex; flex: 1 1 0;
        flex-direction: column; min-width: 0; min-height: 0; }
}
"""
