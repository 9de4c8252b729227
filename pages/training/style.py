"""The CSS of the Train page, as <style> elements for st.html; shared/presenter/ has that of a room."""

# pages/train.py: the story, the workshop and the lessons stand apart; on a phone the seven steps stand in two
# rows, without their symbols.
STEPS = """<style>
    @media (min-width: 641px) {
        .st-key-step [role=radio]:is(:nth-child(2), :nth-child(6)) { margin-left: .9rem !important;
            border-top-left-radius: .5rem !important; border-bottom-left-radius: .5rem !important; }
        .st-key-step [role=radio]:is(:nth-child(1), :nth-child(5)) {
            border-top-right-radius: .5rem !important; border-bottom-right-radius: .5rem !important; }
    }
    @media (max-width: 640px) {
        .st-key-step, .st-key-step :is(.stElementContainer, .stButtonGroup) { width: 100% !important; }
        .st-key-step :has(> [role=radio]) { display: grid; width: 100%; max-width: none; gap: .35rem;
            grid-template-columns: repeat(4, 1fr); }
        .st-key-step [role=radio] { margin: 0 !important; min-width: 0; padding-inline: .1rem;
            justify-content: center;
            border: 1px solid #8A909966 !important; border-radius: .6rem !important; }
        .st-key-step [role=radio][aria-checked=true] { border-color: #0F8A8A !important; }
        .st-key-step [role=radio] * { gap: 0; overflow: visible; }
        .st-key-step :has(> [data-testid=stIconMaterial]) { display: none; }
        .st-key-train_about { display: none; }  /* so that Start is in sight */
    }
</style>"""

# How far each model has come in its test (comparison.py): the lanes of the start, run to their end.
STANDINGS = """<style>
    .stAlert h3 { padding-top: 0; }  /* level with its symbol */
    :root:not(.presenting) .stAlert h3 span[style*=font-size] { font-size: 1.1rem !important; }
    .stHtml ol.standings { list-style: none; margin: 0; padding: 0; display: grid; gap: .55rem; }
    .standings li { margin: 0; display: grid; grid-template-columns: 1fr 5.3rem; column-gap: .8rem;
        align-items: center; }
    .standings p { grid-column: 1 / 3; margin: 0; line-height: 1.3; }
    .standings small { margin-left: .6rem; font-size: .9em; opacity: .8; }
    .standings b { font-size: 1.7rem; line-height: 1; text-align: right;
        font-variant-numeric: tabular-nums; }
    .standings span { position: relative; height: 1.9rem; border-radius: .3rem;
        border-right: .6rem solid; border-image: repeating-linear-gradient(currentColor 0 .3rem,
            transparent .3rem .6rem) 1; background: #8A909926; }
    .standings i { position: absolute; left: 0; top: 0; bottom: 0; width: var(--share); border-radius: .3rem;
        background: var(--colour); }
    .standings i::after { content: var(--mark) / ""; position: absolute; right: .3rem; top: 50%;
        translate: 0 -50%; font: 400 1.6rem/1 "Material Symbols Rounded"; font-feature-settings: "liga";
        color: #fff; }
    .standings .is-leaky i { background: repeating-linear-gradient(45deg, var(--colour) 0 .5rem,
        color-mix(in srgb, var(--colour) 55%, transparent) .5rem 1rem); }
    .standings .is-winner b { font-size: 2.3rem; }
    .stHtml .standings-about { margin: .4rem 0 0; font-size: .9rem; opacity: .8; }
    @media (prefers-reduced-motion: no-preference) {
        .standings i { animation: standings-run 1.6s cubic-bezier(.3, .1, .3, 1) backwards; }
        .standings .is-leaky i { animation-duration: 2.4s; }
        .standings .is-winner i::after { animation: standings-cup .6s 1.5s cubic-bezier(.3, 1.8, .5, 1)
            backwards; }
        @keyframes standings-run { from { width: 2.2rem; } }
        @keyframes standings-cup { from { scale: .2; opacity: 0; } }
    }
</style>"""

# The end of a race that somebody has watched (race/celebration.py): what the page says below, for a moment.
CELEBRATION = """<style>
    .celebration { display: none; }
    @media (prefers-reduced-motion: no-preference) {
        .celebration { position: fixed; inset: 0; z-index: 999; pointer-events: none; overflow: hidden;
            display: grid; place-content: center; animation: celebration-end 6s forwards; }
        .celebration-card { display: grid; justify-items: center; gap: .3rem; max-width: 88vw;
            padding: 1.6rem 2.6rem; border-radius: 1.4rem; text-align: center; color: #fff;
            background: #0C5F5F; box-shadow: 0 1rem 4rem #0008;
            animation: celebration-card .7s cubic-bezier(.3, 1.5, .5, 1) backwards; }
        .celebration-card i { font: 400 6rem/1 "Material Symbols Rounded"; font-feature-settings: "liga";
            color: #FFD166; }
        .celebration-card b { font-size: 2.4rem; line-height: 1.15; }
        .celebration-card span { font-size: 1.5rem; }
        .celebration-card span + span { animation: celebration-card .6s 1.6s backwards; }
        .celebration > s { position: absolute; left: var(--left); top: -1.5rem; width: .7rem; height: 1.1rem;
            background: var(--colour); animation: celebration-rain 3.4s var(--wait) ease-in both; }
        @keyframes celebration-card { from { scale: .3; opacity: 0; } }
        @keyframes celebration-rain { to { translate: var(--drift) 110vh; rotate: 3turn; } }
        @keyframes celebration-end { 85% { opacity: 1; } to { opacity: 0; visibility: hidden; } }
    }
</style>"""

# One model in two tests (leak.py): the figure falls from the one to the other.
# Streamlit would drop a style with "<number>" in it.
DROP = """<style>
    @property --level { syntax: "\\3c number>"; inherits: true; initial-value: 0; }
    @property --count { syntax: "\\3c integer>"; inherits: true; initial-value: 0; }
    .drops { display: grid; grid-template-columns: repeat(auto-fit, minmax(17rem, 1fr)); gap: 1.2rem 2.5rem; }
    .drop { margin: 0; display: grid; grid-template: auto 1fr auto / 1fr 1fr; gap: .2rem 1.2rem;
        --leaky: #D9702E; --honest: #2A8C8C; }
    .drop figcaption, .drop > p { grid-column: 1 / 3; margin: 0; line-height: 1.3; }
    .drop figcaption { font-size: 1.15rem; font-weight: 700; }
    .drop figcaption small { display: block; font-size: .9rem; font-weight: 400; opacity: .8; }
    .drop > div { display: grid; grid-template-rows: 1fr auto; min-height: 15rem; text-align: center; }
    .drop > div > span { position: relative; margin-top: 3.4rem; border-bottom: 2px solid #8A9099; }
    .drop i { position: absolute; left: 12%; right: 12%; bottom: 0; height: calc(var(--level) * 1%);
        border-radius: .4rem .4rem 0 0; background: var(--colour); }
    .drop b { position: absolute; left: 0; right: 0; bottom: calc(var(--level) * 1%); font-size: 2.6rem;
        line-height: 1.2; white-space: nowrap; font-variant-numeric: tabular-nums; }
    .drop b::after { counter-reset: figure var(--count); content: counter(figure) "\\a0%" / "";
        display: inline-block; margin-bottom: .3rem; padding: 0 .3rem; line-height: 1;
        background: light-dark(#FCFBF8, #14181B); }
    .drop b > span { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
    .drop .is-leaky { --level: var(--before); --count: var(--before); --colour: var(--leaky); }
    .drop .is-honest { --level: var(--after); --count: var(--after); --colour: var(--honest); }
    .drop .is-honest > span::before { content: ""; position: absolute; left: 12%; right: 12%; bottom: 0;
        height: calc(var(--before) * 1%); border: 2px dashed var(--leaky); border-bottom: 0;
        border-radius: .4rem .4rem 0 0; }
    @media (prefers-reduced-motion: no-preference) {
        .drop .is-honest { animation: drop-fall 1.5s var(--wait) cubic-bezier(.6, 0, .7, 1) backwards; }
        .drop .is-honest i { animation: drop-colour 1.5s var(--wait) backwards; }
        @keyframes drop-fall { from { --level: var(--before); --count: var(--before); } }
        @keyframes drop-colour { from { background: var(--leaky); } }
    }
</style>"""

# run_table.py: on a phone a card for each training stands in the place of the table.
RUN_CARDS = """<style>
    [data-testid=stLayoutWrapper]:has(> .st-key-run_cards) { display: none; }
    .run-fact { display: grid; gap: .25rem; font-size: .9rem; }
    .run-fact span { height: .7rem; border-radius: .35rem; background: #8A909926; }
    .run-fact i { display: block; height: 100%; border-radius: .35rem; background: #0F8A8A; }
    @media (max-width: 640px) {
        [data-testid=stLayoutWrapper]:has(> .st-key-run_cards) { display: flex; }
        [data-testid=stLayoutWrapper]:has(> .st-key-run_table) { display: none; }
        .st-key-run_cards { gap: .6rem; }
        [class*=st-key-run_card_] { gap: 0; padding: .4rem .9rem .7rem; }
    }
</style>"""
