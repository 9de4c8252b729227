"""The CSS of the game: what is read from the back row, and what stays still while an answer is judged."""

GAME = """<style>
    .game-symbols { display: flex; gap: .7rem; margin: .3rem 0 0; font: 400 3rem/1 "Material Symbols Rounded";
                    font-feature-settings: "liga"; color: #0F8A8A; }
    .game-symbols span { color: color-mix(in srgb, var(--genre) 82%, currentColor); }
    .game-how { list-style: none; display: grid; grid-template-columns: repeat(3, 1fr); gap: .6rem;
                counter-reset: step; }
    ol.game-how.game-how { margin: 0; padding: 0; }
    .game-how li { margin: 0; padding: .6rem .4rem; border-radius: .8rem; background: #0F8A8A1F;
                   text-align: center; counter-increment: step; }
    .game-how li::before { content: counter(step); display: inline-block; width: 1.5rem; line-height: 1.5rem;
                           border-radius: 50%; background: #0F6E6E; color: #fff; font-weight: 700; }
    .game-how b { display: block; line-height: 1.2; }
    .game-how i { display: flex; flex-wrap: wrap; justify-content: center; align-content: center; gap: .3rem;
                  height: 2.9rem; font-style: normal; }
    .game-how-sound { width: 80%; height: 1.5rem; border-radius: 1rem; text-decoration: none;
        background: repeating-linear-gradient(90deg, #0F8A8A 0 .25rem, transparent .25rem .5rem); }
    .game-how s { width: 40%; height: 1.1rem; border-radius: .4rem; border: 2px solid #0F8A8A; }
    .game-how s.game-how-chosen { background: #0F8A8A; }
    .game-how em { width: 85%; font-style: normal; font-size: .85rem; line-height: 1.2rem;
                   display: flex; justify-content: space-between; }
    .game-how em::after { content: "check"; font: 700 1.1rem/1.2rem "Material Symbols Rounded";
                          font-feature-settings: "liga"; color: #2E8B57; }
    .game-how em + em::after { content: "close"; color: #C94444; }
    .game-truth { font-size: clamp(2rem, 6vw, 3.6rem); font-weight: 700; line-height: 1.15; margin: .3rem 0;
                  padding-left: .9rem; border-left: .6rem solid var(--truth); }
    .game-truth span { font-weight: 400; opacity: .75; }
    .game-truth b { font-weight: inherit; white-space: nowrap;
                    color: color-mix(in srgb, var(--truth) 85%, currentColor); }
    .game-truth:has(+ .game-final) b { white-space: normal; }
    .game-sides { display: grid; grid-template-columns: repeat(auto-fit, minmax(17rem, 1fr)); gap: .8rem; }
    .game-right { --verdict: #2E8B57; }
    .game-wrong { --verdict: #C94444; }
    .game-open { --verdict: #7D8590; }
    .game-side { display: flex; align-items: center; gap: .8rem; padding: .7rem 1rem; border-radius: .8rem;
                 border: 2px solid var(--verdict);
                 background: color-mix(in srgb, var(--verdict) 9%, transparent); }
    .game-side p { flex: 1; margin: 0; font-size: 1.45rem; line-height: 1.2; }
    .game-side p b { font-weight: 800; color: color-mix(in srgb, var(--genre) 75%, currentColor); }
    .game-side p small { font-size: 1rem; opacity: .8; margin-left: .3rem; }
    .game-mark { font: 400 1em/1 "Material Symbols Rounded"; font-feature-settings: "liga"; color: #fff;
                 background: var(--verdict); border-radius: 50%; padding: .12em; }
    .game-side .game-mark { font-size: 2.6rem; font-variation-settings: "wght" 700; }
    .game-point { font-size: 1.7rem; }
    .st-key-hear_again .play-button { --size: 4rem; }
    @media (prefers-reduced-motion: no-preference) {
        .game-right .game-mark, .game-point { animation: game-pop .5s cubic-bezier(.3, 1.8, .5, 1); }
        .game-wrong > .game-mark { animation: game-shake .4s; }
        @keyframes game-pop { from { scale: .2; opacity: 0; } }
        @keyframes game-shake { 25% { translate: -.4rem; } 50% { translate: .4rem; }
            75% { translate: -.2rem; } }
    }
    .st-key-score { min-height: 5.9rem; }
    .game-final p { display: grid; grid-template-columns: 8.5rem 5.5rem 1fr; align-items: center; margin: 0;
                    font-size: 1.3rem; }
    .game-final b { font-size: 4.5rem; font-weight: 800; line-height: 1.15; color: var(--side); }
    .game-final b + span { display: flex; gap: .4rem; }
    .game-final .game-mark { font-size: 1.5rem; border-radius: .3em; }
    @media (max-width: 640px) {
        .game-final p { grid-template-columns: 8.5rem 1fr; padding-bottom: .6rem; }
        .game-final b + span { grid-column: 1 / 3; }
    }
    .game-options { display: flex; flex-wrap: wrap; gap: .3rem 2.2rem; margin: 0; font-size: 1.6rem;
                    font-weight: 700; }
    .game-bars { display: grid; grid-template-columns: max-content 1fr 2.9rem; gap: .35rem .7rem;
                 align-items: center; }
    .game-bars i { display: block; height: .8rem; border-radius: .4rem; min-width: 2px; }
    .game-bars i.track { background: #8A909926; }
    .game-bars b { text-align: right; font-variant-numeric: tabular-nums; }
    :is(.st-key-game_options, .st-key-phone_options) button { min-height: 4.6rem; }
    .st-key-game_options { display: grid; grid-template-columns: repeat(auto-fit, minmax(8.5rem, 1fr)); }
    :is(.st-key-game_options, .st-key-phone_options) button p { font-size: 1.25rem; font-weight: 600; }
    /* While the machine listens nothing fades or moves: a note at the foot says so. */
    .stApp [data-stale=true] { opacity: 1 !important; }
    [data-testid=stElementContainer]:has(> .stSpinner) { position: fixed; left: 50%; bottom: 1.2rem;
        z-index: 20; width: max-content !important; translate: -50%; padding: .6rem 1.4rem;
        border-radius: 2rem; background: #0F6E6E; color: #fff; box-shadow: 0 .2rem 1.2rem #0003; }
    [data-testid=stElementContainer]:has(> .stSpinner) * { color: #fff; }
    :root:has(.stSpinner) .st-key-game_options button:focus { border: 3px solid #0F8A8A;
        background: #0F8A8A26; }
</style>"""
