"""The CSS of the map, of what lights up on it (spotlight.py), and of a walk through it (walk.py)."""

MAP = """<style>
    .presenting .map-legend { display: none; }
    /* What to do or what plays, the map and its legend are one screen. */
    :root:not(.presenting) .st-key-library_map_top { min-height: 5rem; }
    :root:not(.presenting) .st-key-library_map { height: clamp(17rem, 100svh - 22rem, 40rem) !important; }
    .map-legend { display: flex; flex-wrap: wrap; gap: .1rem 1.1rem; list-style: none; font-size: .95rem; }
    ul.map-legend.map-legend { margin: 0; padding: 0; }
    .map-legend li { margin: 0; }
    .map-legend i { display: inline-block; width: .8rem; height: .8rem; margin-right: .4rem;
        border-radius: 50%; vertical-align: -.05rem; }

    .st-key-library_map_top > :has(> .st-key-library_map_about, > .st-key-library_player) {
        flex: 1 1 20rem; }
    .st-key-library_map_top > :has(> .st-key-library_walk):not(:has(audio)) { flex: none; width: auto; }
    .st-key-library_walk button p { white-space: nowrap; }
    @media (min-width: 900px) {  /* what plays takes one row */
        :root:not(.presenting) .st-key-library_map_top .st-key-library_player { flex-direction: row;
            align-items: center; padding: .4rem .8rem; gap: .8rem;
            & > :has(audio) { flex: 0 0 17rem; width: 17rem; } } }
    @media (max-width: 640px) {  /* the map keeps more of the screen, and what plays stays there */
        :root:not(.presenting) .stVerticalBlock > :has(> .st-key-library_map_top):has(audio) {
            position: sticky; top: 3.75rem; z-index: 5; background: light-dark(#FCFBF8, #14181B); }
        :root:not(.presenting) .st-key-library_map { height: clamp(17rem, 100svh - 26rem, 30rem) !important; }
        .st-key-library_map_top:has(.st-key-library_player) > :has(> .st-key-library_walk) { display: none; }
        .st-key-library_map_top .st-key-library_player { padding: .4rem .7rem; gap: .4rem; }
        .st-key-library_player .stElementContainer:has(.stMarkdownBadge) { display: none; } }

    /* All names are in the colour of text, and legible above whatever lies below them. */
    .st-key-library_map { --ink: light-dark(#1F2326, #ECE9E2); --paper: light-dark(#FCFBF8, #14181B); }
    .st-key-library_map .annotation { pointer-events: none; }
    .st-key-library_map .main-svg { overflow: visible !important; }
    .st-key-library_map :is(.textpoint, .annotation) text { fill: var(--ink) !important; }
    .st-key-library_map .textpoint text, .map-light text { paint-order: stroke; stroke-width: 4px;
        stroke: var(--paper); stroke-linejoin: round; }
    /* Where there is no room for the names of songs, those of the genres stand there. */
    @media (hover: hover) and (min-width: 641px) {
        :root:not(.presenting) .st-key-library_map:has(.textpoint) .annotation { display: none; } }
    @media (hover: none), (max-width: 640px) {
        .st-key-library_map .textpoint text, .st-key-library_map_mouse, .map-legend { display: none; } }

    /* Where something plays, the other dots step back. */
    .map-light { position: absolute; inset: 0; width: 100%; height: 100%; pointer-events: none;
        overflow: visible; }
    .is-lit :is(.scatterlayer .points, .gl-canvas) { opacity: .4; }
    .is-lit:has(.is-walk) .textpoint { display: none; }
    .map-light line { stroke: var(--ink); stroke-linecap: round; }
    .map-light .map-way { stroke-width: 2; stroke-dasharray: .02 .03; opacity: .45; }
    .map-light .map-gone { stroke-width: 4; }
    .map-light .map-near { stroke-width: 2; opacity: .6; }
    .map-light :is(.map-neighbour, .map-here) { stroke: var(--ink); stroke-width: 2.5; }
    .map-light text { fill: var(--ink); text-anchor: middle; font: 700 17px "Source Sans", sans-serif; }
    .map-light .map-genre { font-size: 15px; font-weight: 600; }
    .map-pulse { opacity: .35; transform-box: fill-box; transform-origin: center; }
    @media (prefers-reduced-motion: no-preference) {
        .map-pulse { animation: map-pulse 1.4s ease-out infinite; }
        .map-light .map-step { stroke-dasharray: 1; animation: map-step .9s ease-in-out; }
        @keyframes map-pulse { from { scale: 1; opacity: .5; } to { scale: 2.6; opacity: 0; } }
        @keyframes map-step { from { stroke-dashoffset: 1; } to { stroke-dashoffset: 0; } }
    }

    .map-caption { display: none; }
    .presenting .map-caption:not(:empty) { display: grid; position: fixed; left: 27rem; right: 1.5rem;
        bottom: .3rem; margin: 0; line-height: 1.15; color: light-dark(#1F2326, #ECE9E2); }
    .presenting:has(.st-key-library_walk_start) .map-caption:not(:empty) { left: 1.5rem; right: 28rem; }
    .map-caption b { font-size: 1.9rem; white-space: nowrap; overflow: hidden; text-overflow: ellipsis; }
    .map-caption span { font-size: 1.5rem; }
    .map-caption span::before { content: "\\25CF  "; color: var(--genre); }

    .walk { list-style: none; display: flex; flex-wrap: wrap; gap: .25rem .4rem; font-size: .9rem; }
    ol.walk.walk { margin: 0; padding: 0; }
    .walk li { margin: 0; padding: .1rem .55rem; border-radius: .5rem; border: 2px solid transparent; }
    .walk b { font-weight: 400; }
    .walk span::before { content: "\\25CF  "; color: var(--genre); }
    .walk [aria-current] { border-color: var(--genre); }
    .walk [aria-current] b { font-weight: 700; }
</style>"""
