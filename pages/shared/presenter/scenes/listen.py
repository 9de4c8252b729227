"""The CSS of the page Listen in the presenter's view: what comes next, and what is hidden."""

LISTEN = """
.presenting {
    /* First the question and the button; then the recorder fills the stage, and then the answer. */
    &:has(.recorder) .stMainBlockContainer > .stVerticalBlock >
        :not(:has(h1, .recorder, .st-key-songs, .st-key-answer)),
    &:has(.recorder:not([data-state=idle]), .st-key-answer) :has(> .st-key-songs),
    &:has(.recorder:not([data-state=idle]), .st-key-answer) .stMainBlockContainer > .stVerticalBlock >
        :has(h1):not(:has(.recorder, .st-key-answer)) { display: none; }
    &:has(.recorder) .stMainBlockContainer h1 { font-size: 3.4rem !important; text-align: center; }
    &:has(.st-key-answer) :is(.st-key-recorder_panel, [data-testid=stLayoutWrapper]:has(>
        .st-key-recorder_panel)) { min-height: 0; height: 0 !important; }
    .st-key-songs button { padding: .4rem .8rem; }
    .st-key-songs button p { font-size: 1.25rem !important; }
    .st-key-answer { border: 0; padding: 0; gap: .4rem; }
    .st-key-answer > :not(:has(> .stHtml .answer, > .stHtml .answer-bars, .player, audio, > .stAlert,
        > .stText)),
    .st-key-answer:has(.answer) > :has(> .stAlert, > .stText),
    .st-key-answer:not(:has(.answer)) > :has(.player),
    .st-key-results > :not(.st-key-answer, :has(.st-key-answer)) { display: none; }
    .st-key-answer .stAlert { margin-top: 8rem; }
    .st-key-answer .stAlert p { font-size: 2.4rem; }
    .st-key-answer_sound { position: absolute; width: 1px; height: 1px; overflow: hidden; opacity: 0; }
    .answer-lead { font-size: 1.5rem; }
    .answer-played, .st-key-answer .stText { font-size: 1.6rem; font-weight: 650; line-height: 1.3;
        text-align: center; overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
    .st-key-answer .stText { display: grid; justify-content: center; }
    .answer-played { margin: 0 8rem !important; }  /* the recorder's button stands at the left */
    .answer .answer-genre { font-size: 7rem; line-height: 1.1; }
    .answer-certainty, .answer-certainty b { font-size: 1.9rem; }
    .answer-bars { font-size: 1.5rem; max-width: 44rem; grid-template-columns: max-content 1fr 4.2rem; }
    .answer-bars i { height: 1.1rem; border-radius: .55rem; }
    .player .player-readout { font-size: 1.5rem; text-align: center; }
    .player-picture canvas { height: calc(var(--stage-height) - 25.4rem); }
    .answer-condition { display: none; }  /* the line above the genre has said it */
    .answer-bars > :nth-child(n + 7) { display: none; }  /* two bars */
    .st-key-answer:has(.answer-note) .player-picture canvas { height: calc(var(--stage-height) - 27.8rem); }
    .player-legend { display: none; }
    .recorder { --size: 8.5rem; font-size: 1.5rem; }
    .recorder-live, &:has(.st-key-answer) .recorder[data-state=idle] .recorder-hint { display: none; }
    &:has(.st-key-answer) .recorder[data-state=idle] { --size: 6rem; position: fixed; left: 1rem; top: .5rem;
        z-index: 5; }
    &:has(.st-key-answer) .recorder[data-state=idle] .recorder-mark { font-size: 2.6rem; width: 2.6rem;
        height: 2.6rem; }
    &:has(.st-key-answer) .recorder[data-state=idle] .recorder-word { display: none; }
    &:not(:has(.st-key-answer)) .recorder[data-state=idle] { --size: 18rem; }
    &:not(:has(.st-key-answer)) .recorder[data-state=idle] .recorder-mark { font-size: 7.5rem; width: 7.5rem;
        height: 7.5rem; }
    .recorder-word { font-size: 2.4rem; }
    .recorder[data-state=stopping] .recorder-word { font-size: 2rem; }
    &:has(.st-key-answer) .recorder-history { display: none; }
    &:not(:has(.st-key-answer)) .recorder[data-state=idle]:has(.recorder-history:not([hidden])) {
        --size: 9rem;
        & .recorder-mark { font-size: 3.6rem; width: 3.6rem; height: 3.6rem; }
        & .recorder-word { font-size: 1.25rem; }
    }
    .recorder-history { width: 100%; font-size: 1.8rem; }
    .recorder-history li i { font-size: 2.2rem; }
    .recorder-strip { height: 4rem; border-radius: 1rem; }
    .recorder-history ol { max-height: calc(var(--stage-height) - 22rem); }
    .recorder-hint { font-size: 1.5rem; }
    .recorder:not([data-state=idle]) { position: fixed; inset: 0; z-index: 10; display: grid;
        padding: 1rem 2rem; gap: .4rem 2rem; background: var(--st-background-color);
        align-content: space-between;
        grid-template: "stage answer" auto "hint hint" auto "fall fall" 11rem / 17rem 1fr; --size: 16rem; }
    .recorder-stage { grid-area: stage; margin: auto; }
    .recorder-meter { display: none; }
    .recorder:not([data-state=idle]) .recorder-hint { grid-area: hint; }
    .recorder-answer { grid-area: answer; width: 100%; align-self: center; text-align: left; }
    .recorder .recorder-genre { font-size: 6.5rem; line-height: 1; justify-content: flex-start; }
    .recorder-genre .recorder-mark { font-size: 5rem; min-width: 5rem; }
    .recorder-certainty { font-size: 1.7rem; }
    .recorder-answer.waits::before { content: "Listening \\2026"; visibility: visible; font-size: 4rem;
        font-weight: 700; }
    .recorder-answer.waits > * { display: none; }
    .recorder-bars { font-size: 1.6rem; grid-template-columns: max-content 1fr 4.5rem; }
    .recorder-bars i { height: 1.3rem; border-radius: .65rem; }
    .recorder-waterfall { grid-area: fall; width: 100%; height: 11rem; }
}
"""
