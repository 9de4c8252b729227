"""Scripts in the visitor's browser: scroll to what is new, ask before it is lost, help the keyboard."""

import streamlit as st

_SCROLL = """<script>{  // NUMBER: the browser runs no script again that stays where it is
    window.earmarkScroll = NUMBER;
    const stop = () => { window.earmarkScroll = 0; };  // whoever uses the page is not moved about
    for (const sign of ["wheel", "touchmove", "pointerdown", "keydown"])
        addEventListener(sign, stop, {capture: true, once: true});
    const isCalm = window.matchMedia("(prefers-reduced-motion: reduce)").matches;
    const look = (last, looks, nStill) => {  // until nothing above grows or shrinks any more
        const isStage = document.documentElement.classList.contains("presenting");  // all is in sight
        if (window.earmarkScroll !== NUMBER || isStage || !looks || nStill === 4) return;
        const part = document.querySelector(".st-key-KEY"), top = part?.getBoundingClientRect().top;
        const header = document.querySelector("[data-testid=stHeader]")?.getBoundingClientRect().bottom ?? 0;
        const isStill = part && top === last;
        if (isStill && (top > WITHIN * window.innerHeight || top < header)) {
            part.style.scrollMarginTop = "4.75rem";  // header and gap: what stands above is not cut in half
            part.scrollIntoView({behavior: isCalm ? "auto" : "smooth"});
        }
        setTimeout(look, 150, top, looks - 1, isStill ? nStill + 1 : 0);
    };
    look(null, 40, 0);
}</script>"""


def scroll_to(key: str, within: float = 0.7) -> None:
    """Scroll to the container with this key, unless it begins within this share of the screen's height."""
    number = st.session_state.scroll_number = st.session_state.get("scroll_number", 0) + 1
    script = _SCROLL.replace("KEY", key).replace("WITHIN", str(within)).replace("NUMBER", str(number))
    st.html(script, unsafe_allow_javascript=True)


_OPEN = """<script>
if (!window.earmarkOpenLinked) {
    window.earmarkOpenLinked = true;
    document.addEventListener("click", ({target}) => {
        if (!target.closest?.("a[href$='#PLACE']")) return;
        const details = document.querySelector(".st-key-EXPANDER details");
        if (details && !details.open) details.querySelector("summary").click();
        // Open, it is taller: the page may now go where it could not before.
        setTimeout(() => document.getElementById("PLACE")?.scrollIntoView({block: "start"}), 400);
    });
}
</script>"""


def open_linked(place: str, expander: str) -> None:
    """Let links to this place of the page also open the expander with this key."""
    script = _OPEN.replace("PLACE", place).replace("EXPANDER", expander)
    st.html(script, unsafe_allow_javascript=True)


# Plotly learns by a moving mouse alone which point it is over: the first tap would but show its name. And it
# knows nothing of CSS zoom, by which the presenter's view enlarges charts: it would take another point.
_TAPS = """<script>
if (!window.earmarkTaps) {
    window.earmarkTaps = true;
    const zoomOf = area => {
        let zoom = 1;
        for (let part = area; part; part = part.parentElement) zoom *= getComputedStyle(part).zoom || 1;
        return zoom;
    };
    const hover = (area, {clientX, clientY}) => {
        // Where a chart lies is shrunk as well to Safari (26), which does not know currentCSSZoom.
        const {left, top} = "currentCSSZoom" in area ? area.getBoundingClientRect() : {left: 0, top: 0};
        const zoom = zoomOf(area);
        area.dispatchEvent(new MouseEvent("mousemove", {bubbles: true,
            clientX: left + (clientX - left) / zoom, clientY: top + (clientY - top) / zoom}));
    };
    document.addEventListener("touchstart", ({target, touches}) => {
        if (target.matches(".nsewdrag")) hover(target, touches[0]);
    }, {capture: true, passive: true});
    document.addEventListener("mousemove", event => {
        if (!event.isTrusted || !event.target.matches?.(".nsewdrag") || zoomOf(event.target) === 1) return;
        event.stopImmediatePropagation();
        hover(event.target, event);
    }, true);
}
</script>"""


def take_taps() -> None:
    """Let a chart of Plotly's take a tap for a click, and on the stage the point that is clicked."""
    st.html(_TAPS, unsafe_allow_javascript=True)


_FOLLOW = """<script>
if (!window.earmarkFollow) {
    window.earmarkFollow = true;
    const isCalm = window.matchMedia("(prefers-reduced-motion: reduce)").matches;
    const place = (plot, line, sound) => {
        const area = plot._fullLayout?._size, share = sound.currentTime / sound.duration;
        if (!area || !Number.isFinite(share)) return;
        line.style.height = `${area.h}px`;
        line.style.translate = `${area.l + area.w * share}px ${area.t}px`;
    };
    const follow = ({target}) => {
        const part = target.closest?.(".st-key-other_sound, .st-key-own_sound, .st-key-PART");
        const plot = part?.querySelector("[class*=CHART] .js-plotly-plot");
        if (!plot?._fullLayout?._size) return;
        let line = plot.querySelector(".sound-place");
        if (!line) {
            line = document.createElement("i");
            line.className = "sound-place";
            line.style.cssText = "position: absolute; left: -1.5px; top: 0; border-left: 3px solid #fff;"
                + "pointer-events: none; filter: drop-shadow(0 0 1.5px #05040f);"
                + (isCalm ? "" : "transition: translate .25s linear;");
            plot.querySelector(".svg-container").append(line);
            plot.on("plotly_afterplot", () => place(plot, line, line.sound));  // as the stage comes and goes
        }
        line.sound = target;
        place(plot, line, target);
    };
    for (const name of ["play", "timeupdate", "seeked"]) document.addEventListener(name, follow, true);
}
</script>"""


def follow_sound(part: str, chart: str) -> None:
    """Let a line run through a chart of Plotly's, whose width is the length of the sound beside it.

    `part` is the key of the container of both, `chart` the end of the chart's key. Of two sounds in the
    containers other_sound and own_sound each has its own chart there.
    """
    st.html(_FOLLOW.replace("PART", part).replace("CHART", chart), unsafe_allow_javascript=True)


_ONE_AT_A_TIME = """<script>
if (!window.earmarkOneAtATime) {
    window.earmarkOneAtATime = true;
    document.addEventListener("play", ({target}) => {
        const sounds = target.closest?.(".st-key-PART")?.querySelectorAll("audio") ?? [];
        for (const sound of sounds) if (sound !== target) sound.pause();
    }, true);
}
</script>"""


def play_one_at_a_time(part: str) -> None:
    """Let each sound in the container with the key `part` stop the others when it starts."""
    st.html(_ONE_AT_A_TIME.replace("PART", part), unsafe_allow_javascript=True)


# The value is sent before the click: Streamlit takes it on the same key press.
_ENTER = """<script>
if (!window.earmarkEnter) {
    window.earmarkEnter = true;
    document.addEventListener("keydown", event => {
        const box = event.target.closest?.(".st-key-BOX");
        if (box && event.key === "Enter" && !event.isComposing && event.target.value?.trim())
            setTimeout(() => document.querySelector(".st-key-BUTTON button")?.click(), 100);
    }, true);
}
</script>"""


def press_on_enter(box: str, button: str) -> None:
    """Let Enter in the text field with the key `box` press the button with the key `button`."""
    st.html(_ENTER.replace("BOX", box).replace("BUTTON", button), unsafe_allow_javascript=True)


_LEAVE = """<script>{
    window.onbeforeunload = KEEPS ? event => { event.preventDefault(); return ""; } : null;
}</script>"""


def ask_before_leaving() -> None:
    """Let the browser ask, if this visit holds clips or pieces. Call at the end of a page."""
    listen, generate = (st.session_state.get(key) for key in ("listen", "generate_state"))
    keeps = bool(listen and listen.has_clips) or bool(generate and len(generate.gallery))
    if keeps or st.session_state.get("asks_before_leaving"):
        st.session_state.asks_before_leaving = True
        st.html(_LEAVE.replace("KEEPS", str(keeps).lower()), unsafe_allow_javascript=True)


# The recorder's button is another one once it records: the focus goes to that, and the next Enter stops it.
# Tab into a row of choices lands on the chosen one. A phone's menu is called what is written on it. Once a
# browser window.
_KEYBOARD = """<script>
if (!window.earmarkKeyboard) {
    window.earmarkKeyboard = true;
    let recorder = null;  // the one whose button was pressed last
    document.addEventListener("click", event => {
        recorder = event.target.closest?.("[data-testid=stAudioInput]") ?? null;
    }, true);
    new MutationObserver(() => {
        document.querySelector("[data-testid=stExpandSidebarButton]")?.setAttribute("aria-label", "Menu");
        if (!recorder?.isConnected || document.activeElement !== document.body) return;
        const named = name => recorder.querySelector(`button[aria-label="${name}"]`);
        (named("Stop recording") ?? named("Record"))?.focus();
    }).observe(document.body, {childList: true, subtree: true});
    document.addEventListener("focusin", event => {
        const group = event.target.closest?.("[role=radiogroup]");
        if (!group || group.contains(event.relatedTarget) || !event.target.matches(":focus-visible")) return;
        group.querySelector("[role=radio][aria-checked=true]")?.focus();
    });
}
</script>"""


def help_keyboard() -> None:
    """Call once in each run of the app."""
    st.html(_KEYBOARD, unsafe_allow_javascript=True)
