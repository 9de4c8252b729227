"""The CSS of the page Guess first in the presenter's view: what comes next, and what is hidden."""

GUESS = """
.presenting {
    &:has(.st-key-start_genre) .stMainBlockContainer > .stVerticalBlock { gap: .6rem; }
    .game-how, .st-key-how_phones_come_in, .st-key-game_mode label { display: none; }
    &:has(.st-key-how_phones_come_in) [class*=st-key-game_of_] { display: none; }
    .st-key-game_mode button p { font-size: 1.5rem; }
    .game-symbols { font-size: 4.5rem; margin: 0; }
    [class*=st-key-game_of_] { gap: .8rem; }
    :is(.st-key-start_genre, .st-key-start_real) button { padding: .7rem 1rem; }
    &:has(.st-key-score, .game-final) [data-testid=stHeading] h1 { display: none; }
    .st-key-question .play-button { --size: 8rem; }
    .st-key-question h3 { font-size: 3rem !important; }
    &:has(.st-key-show_answer) .play-button { --size: 6rem; }
    .st-key-hear_again .play-button { --size: 4.6rem; }
    :is(.st-key-score, .st-key-act) [data-testid=stMetric] > * { display: flex; gap: .6rem;
        align-items: baseline; }
    :is(.st-key-score, .st-key-act) [data-testid=stMetricValue] * { font-size: 3rem !important;
        font-weight: 800; line-height: 1; }
    :is(.st-key-score, .st-key-act) [data-testid=stMetricLabel] * { font-size: 1.8rem !important; }
    .st-key-score :nth-child(1 of :has(> .stMetric)) [data-testid=stMetricValue] * { color: #1F9C9C; }
    .st-key-score :nth-child(2 of :has(> .stMetric)) [data-testid=stMetricValue] * { color: #D9702E; }
    [class*=st-key-option_] button { min-height: 13rem; }
    [class*=st-key-option_] button p { font-size: 2.2rem !important; white-space: nowrap; }
    .game-options { font-size: 2.2rem; }
    .stApp .stMainBlockContainer .stMarkdown h1 { font-size: 3.5rem !important; }
    &:has(.st-key-show_answer) .qr-code { max-width: 17rem; }
    [class*=st-key-hands_] label p { font-size: 2rem; font-weight: 700; }
    [class*=st-key-hands_] :is(input, [data-testid=stNumberInputContainer]) { height: 9rem;
        font-size: 3.6rem; }
    [class*=st-key-hands_] input { padding: 0 0 0 .6rem; }
    .stNumberInput button { width: 2.9rem; height: 100%; padding: 0; }  /* three digits beside them */
    .stNumberInput button svg { width: 2rem; height: 2rem; }
    .game-bars { font-size: 1.5rem; grid-template-columns: max-content 1fr 3.6rem; }
    .game-truth { font-size: 4rem; margin: 0; }
    &:has(.game-sides, .game-final) .stMainBlockContainer > .stVerticalBlock { gap: .6rem; }
    &:has(.game-sides) .game-bars { line-height: 1.35; }
    .game-side { padding: .6rem 1rem; }
    .game-side p, .game-side p small { font-size: 2.2rem; }
    .game-side p small { display: none; }
    .game-point { font-size: 1.9rem; }
    :is(.st-key-people_answer, .st-key-machine_bars, .st-key-machine_reasons) { padding: .5rem 1rem;
        gap: .3rem; }
    :is(.st-key-people_answer, .st-key-machine_bars) .game-bars { row-gap: .1rem; }
    .st-key-game_picture { --chart-zoom: 1.5; }
    .st-key-game_picture .stCaptionContainer p { font-size: 1.5rem; }
    .st-key-machine_reasons > :nth-child(n+5) { display: none; }
    :is(.st-key-machine_bars, .st-key-machine_reasons) p { display: -webkit-box; -webkit-box-orient: vertical;
        -webkit-line-clamp: 3; overflow: hidden; line-height: 1.2; }
    .st-key-machine_bars p * { font-size: 1.5rem !important; }
    :is(.st-key-machine_bars, .st-key-people_answer) p { -webkit-line-clamp: 2; }
    .st-key-score { min-height: 0; }
    .game-final p { font-size: 1.8rem; grid-template-columns: 12rem 9rem 1fr; }
    .game-final b { font-size: 6rem; }
    .game-final .game-mark { font-size: 2rem; }
    .st-key-highlight { border: 0; padding: 0; }
    .st-key-next button { padding: .3rem 1.5rem; }
}
"""
