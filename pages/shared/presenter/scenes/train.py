"""The CSS of the page Train in the presenter's view: what comes next, and what is hidden."""

TRAIN = """
:root:not(.presenting) .line-up { display: none; }
.presenting {
    &:has(.st-key-train_about) :is(h1, .st-key-train_about) { display: none; }

    /* Before the start: who races (pages/training/setup/line_up.py), and Start. */
    &:has(.line-up) :is(.st-key-chapters, .st-key-other_ways, .lanes),
    &:has(.line-up) .stMainBlockContainer > .stVerticalBlock >
        :not(:has(.line-up, .st-key-start, .st-key-start_race, .st-key-watch_race)) { display: none; }
    .line-up p { font-size: 1.6rem; margin: .2rem 0; }
    .line-up .line-up-task { font-size: 2.6rem; margin-top: .6rem; font-weight: 700; line-height: 1.15; }
    .line-up ol { list-style: none; padding: 0 3.6rem 0 0; margin: 1rem 0; display: grid; position: relative;
        grid-auto-rows: 1fr; min-height: calc(var(--stage-height) - 18rem); }
    .line-up ol::after { content: ""; position: absolute; right: 0; top: 0; bottom: 0; width: 2.4rem;
        opacity: .55; background: repeating-conic-gradient(currentColor 0 25%, transparent 0 50%)
            0 0 / 1.2rem 1.2rem; }
    .line-up li { font-size: 2.6rem; font-weight: 700; line-height: 1.15; margin: 0;
        display: grid; grid-template: auto auto / auto 1fr; align-content: center; align-items: center;
        column-gap: .8rem; border-bottom: 3px dashed #8A909966; }
    .line-up li:first-child { border-top: 3px dashed #8A909966; }
    .line-up li::before { content: "directions_run"; font: 400 4rem/1 "Material Symbols Rounded";
        grid-row: span 2;
        font-feature-settings: "liga"; color: #1F9C9C; }
    .line-up li:not(:has(small)) { grid-template-rows: auto; }
    .line-up li:not(:has(small))::before { grid-row: auto; }
    .line-up small { font-size: 1.7rem; font-weight: 400; grid-column: 2; }
    :is(.st-key-start, .st-key-start_race, .st-key-watch_race) button { padding: .7rem 2.2rem; }
    .lanes b { font-size: 2.4rem; }
    &:has(.is-racing) .stMainBlockContainer > .stVerticalBlock > :not(:has(.is-racing)),
    &:has(.is-racing) :has(> [class*=st-key-watched_]) { display: none; }
    .lanes i { font-size: 5rem; }
    .lanes.is-racing { display: grid; grid-auto-rows: 1fr; height: calc(var(--stage-height) - 5rem);
        & p { font-size: 1.8rem; } }
    .stHtml p.race-question, .st-key-race_question h3 { font-size: 3rem !important; line-height: 1.1; }
    &:has(.is-racing, .st-key-race_question) .st-key-totals { display: none; }
    .st-key-race > :has(.st-key-race_question, .race-why), .st-key-race > .st-key-race_question {
        flex: none !important; }
    .st-key-race_question h3 { padding-bottom: .5rem; }
    .race-why { font-size: 1.5rem; line-height: 1.25; padding-right: 18rem; }  /* beside a button */

    /* What the models say to music that was played to them stands in the place of the race. */
    &:has(.st-key-answer_0) .stMainBlockContainer > .stVerticalBlock > :not(:has(.st-key-play_it)),
    .st-key-play_it:has(.st-key-answer_0) > :not(:has(.st-key-answer_0)),
    .st-key-answers:has(.st-key-answer_0) > :has(> .stAlert),
    [class*=st-key-answer_] [data-testid=stElementContainer]:has(.stPlotlyChart) { display: none !important; }
    &:has(.st-key-answer_0) .stMainBlockContainer > .stVerticalBlock > :has(.st-key-play_it) {
        display: flex !important; flex: none !important; }
    .st-key-play_it { border: 0; padding: 0; }
    .st-key-played .play-button { --size: 7rem; }
    .st-key-played_name p { font-size: 2.6rem; }
    .st-key-play_on button { padding: .3rem 1.2rem; }
    /* A room guesses before the models do. */
    @media (prefers-reduced-motion: no-preference) {
        [class*=st-key-answer_] { animation: played-answer .5s 4s backwards; }
        .st-key-answer_1 { animation-delay: 5s; }
        .st-key-answer_2 { animation-delay: 6s; } }
    .st-key-play_it [data-testid=stColumn] h3 { font-size: 3.4rem !important; line-height: 1.1; }
    [class*=st-key-answer_] {  /* answers side by side stay level */
        & [data-testid=stLayoutWrapper] > * { flex-wrap: nowrap !important; align-items: baseline; }
        & :has(> .stText) { flex: 1 1 0; min-width: 0; min-height: 4.1rem; }
        & p { font-size: 2rem; } }
    :is(.st-key-start, .st-key-start_race, .st-key-watch_race) button :is(p, span) {
        font-size: 2rem !important; }

    /* Data: how much there is of each genre. */
    &:has(.st-key-counts) .stMainBlockContainer > .stVerticalBlock >
        :not(.st-key-counts, :has(.st-key-to_set_up)) { display: none; }

    /* The race; at its end the sentences of who has won and who has cheated, and the way to the leak. */
    .st-key-race { --chart-zoom: 1.57; }
    .st-key-race > :has(> .stMarkdown) { display: none; }
    &:has(.st-key-race) .stMainBlockContainer > .stVerticalBlock { gap: .5rem; }
    &:has(.st-key-race) .stMainBlockContainer > .stVerticalBlock >
        :not(:has(.st-key-race, > .stAlert, .celebration, > .st-key-next_steps)),
    &:has(.st-key-race) :is(:has(> [class*=st-key-watched_]), :has(> .st-key-curves)) { display: none; }
    &:has(.st-key-race) :is([data-testid=stAlertContentSuccess], [data-testid=stAlertContentInfo]) p {
        display: none; }
    &:has(.st-key-race) [data-testid=stAlertContentWarning] p { font-size: 0; }
    &:has(.st-key-race) [data-testid=stAlertContentWarning] p strong { font-size: 1.5rem; }
    &:has(.st-key-race) :is(:has(> .stAlert), .stAlert) { flex: none; }
    &:has(.st-key-race) .stAlert > div { padding: .3rem 1rem; }
    &:has(.st-key-race) .stAlert h3 { font-size: 1.8rem !important; }
    .stAlert h3 span[style*=font-size] { font-size: 1.5rem !important; font-weight: 400; }
    &:has(.st-key-race) .stAlert :is([data-testid=stMarkdownContainer], p) { margin: 0; }
    &:has(.st-key-race) .st-key-to_leak { position: fixed; right: 2.75rem; bottom: 1.3rem; width: auto;
        z-index: 1; }
    /* The next step stands at the end of the winner's line. */
    &:has(.st-key-race) .stAlert:has(h3) > div { padding-right: 21rem; min-height: 3.2rem; }
    &:has(.stAlert h3) :has(> .st-key-next_steps) { margin-top: -3.7rem; }
    .st-key-next_steps { height: 3.2rem; justify-content: flex-end; align-items: center;
        padding-right: .3rem; }
    .st-key-next_steps .stButton button { padding: .1rem 1.2rem; }
    :has(> .stHtml .celebration) { position: absolute; }

    /* Compare: who has won, and how far each has come; cards where nothing was tested. */
    &:has(.st-key-outcome) .stMainBlockContainer > .stVerticalBlock > :not(:has(> .st-key-outcome)),
    &:has(.stVerticalBlock[class*=st-key-card_]) .stMainBlockContainer > .stVerticalBlock >
        :not(:has(.stAlert, .st-key-outcome, .stVerticalBlock[class*=st-key-card_])),
    &:has(.stVerticalBlock[class*=st-key-card_]) .stMainBlockContainer > .stVerticalBlock >
        :has(.stVerticalBlock[class*=st-key-card_]) ~ *,
    .stVerticalBlock[class*=st-key-card_] > :not(:first-child, :nth-child(2)),
    .st-key-outcome .stAlert:has(h3) p { display: none; }
    .st-key-outcome { gap: .6rem; }
    .st-key-outcome > :has(.stAlert) { flex: none; }
    .st-key-outcome .stAlert > div { padding: .3rem 1rem; }
    .st-key-outcome .stAlert [data-testid=stMarkdownContainer] { margin: 0; }
    .st-key-outcome .stAlert h3 { font-size: 2.3rem !important; }
    :is(.st-key-outcome > :has(.standings), .st-key-outcome .stHtml) { display: flex; flex-direction: column;
        height: 100%; }
    .stHtml ol.standings { flex: 1; gap: .4rem; grid-auto-rows: 1fr; }
    .standings li { grid-template: auto 1fr / 1fr 8.5rem; }
    .standings p { font-size: 1.8rem; line-height: 1.15; font-weight: 600; }
    .standings small { font-size: 1.5rem; }
    .standings span { height: 100%; min-height: 1.2rem; max-height: 4.5rem; }
    .standings i::after { font-size: min(3rem, 8vh); }
    .standings b, .standings .is-winner b { font-size: 3rem; }
    .stHtml .standings-about { font-size: 1.5rem; line-height: 3rem; }
    .st-key-outcome .st-key-to_leak { position: fixed; right: 2.75rem; bottom: 1.3rem; width: auto;
        z-index: 1; }

    /* The leak: the figures fall. */
    &:has(.st-key-leak_drops) .stMainBlockContainer > .stVerticalBlock >
        :not(:has(> [data-testid=stHeading], > .st-key-leak_drops)) { display: none; }
    .st-key-leak_drops .st-key-to_papers { position: fixed; right: 2.75rem; top: 1.3rem; width: auto; }
    :is(.st-key-leak_drops > :has(.drops), .st-key-leak_drops .stHtml) { display: flex;
        flex-direction: column; height: 100%; }
    .drops { flex: 1; grid-template-columns: repeat(auto-fit, minmax(20rem, 1fr)); }
    .drop { gap: .2rem .8rem; }
    .drop figcaption { font-size: 1.7rem; line-height: 1.2; }
    .drop :is(figcaption small, div > small, p) { font-size: 1.5rem; line-height: 1.25; }
    .drop > div { min-height: 0; }
    .drop > div > span { margin-top: 4.6rem; }
    .drop b { font-size: 3.8rem; }

    /* The papers: the sentence, and after it each paper with its bars. */
    &:has(.paper-sentence) .stMainBlockContainer > .stVerticalBlock >
        :not(:has(.paper-sentence, [class*=st-key-paper_])),
    [class*=st-key-paper_] > :not(:has(.paper-bars)),
    [class*=st-key-paper_] [data-testid=stElementContainer]:has(> .stMarkdown):not(:has(h4)) {
        display: none; }
    .paper-sentence { align-content: center; height: var(--stage-height); font-size: 4rem; }
    .paper-sentence small { font-size: 1.5rem; }
    [class*=st-key-paper_] { justify-content: center; min-height: var(--stage-height); border: 0; }
    [class*=st-key-paper_] [data-testid=stHorizontalBlock] { flex-direction: column; align-items: stretch; }
    [class*=st-key-paper_] .stColumn { flex: none; width: 100%; }
    [class*=st-key-paper_] h4 { font-size: 2.2rem; }
    .paper-bars { grid-template-columns: max-content 1fr 7rem; font-size: 2.1rem; row-gap: 1.2rem; }
    .paper-bars i { height: 2.6rem; border-radius: 1.3rem; }
}
@keyframes played-answer { from { opacity: 0; scale: .8; } }
"""
