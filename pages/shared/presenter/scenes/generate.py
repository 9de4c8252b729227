"""The CSS of the page Generate in the presenter's view: what comes next, and what is hidden."""

GENERATE = """
:root:not(.presenting) :is(.st-key-next_genres, :has(> .st-key-next_genres), .st-key-paint_first) {
    display: none; }
.presenting {
    /* The piece; before there is one, what the painter has made before. */
    &:has(.st-key-item, .st-key-waiting, .st-key-heard_before) .stMainBlockContainer > .stVerticalBlock >
        :not(:has(h1, .st-key-item, .st-key-waiting, .st-key-heard_before)),
    &:has(.st-key-item) :is(h1, .st-key-prediction_bars) { display: none; }
    .st-key-waiting { border: 0; padding: 0; flex: none; }
    &:has(.st-key-waiting) :is(.st-key-heard_before, :has(> .st-key-heard_before)),
    &:has(.st-key-waiting) .st-key-judged:has(.stButton) { display: none; }
    .painting { height: calc(var(--stage-height) - 12rem); font-size: 1.8rem; }
    .st-key-other_sound .painting { height: calc(var(--stage-height) - 19rem); font-size: 1.5rem; }
    &:has(.st-key-item):has(.st-key-waiting) :is(.st-key-actions, .st-key-actions *) { visibility: hidden; }
    .st-key-judged button { padding: .15rem .8rem; }
    .st-key-item { border: 0; padding: 0; }
    .pieces { grid-template-columns: repeat(5, 1fr); gap: .75rem; }
    .piece-picture img { height: calc((var(--stage-height) - 18.6rem) / 2); }
    .piece-name { font-size: 1.5rem; }
    .st-key-actions button { padding: .15rem .8rem; }
    :is(.st-key-spectrogram, .st-key-other_spectrogram) .ytick { display: none; }  /* a room reads no hertz */
    .st-key-hear_before { position: fixed; right: 1.5rem; top: 1.3rem; width: auto !important; }
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
