"""The presenter's view, on every page: full screen, large type, no widgets. The key P, or a button.

It is a class on the root of the page, which stage.py gives its looks: what a page shows is laid
out on a stage of 1000 x 562 pixels, and the stage is as large as the screen. Esc, or P again, leaves it.
"""

import streamlit as st

_SCRIPT = """<script>
if (!window.earmarkPresenter) {
    window.earmarkPresenter = true;
    const root = document.documentElement;
    const fields = "input:not([type=checkbox], [type=radio]), textarea, select, [contenteditable=true]";
    const button = document.createElement("button");
    button.id = "earmark-present";
    button.type = "button";
    button.title = "Presenter's view (P)";
    button.setAttribute("aria-label", "Presenter's view");
    button.setAttribute("aria-keyshortcuts", "P");
    button.textContent = "slideshow";
    const note = document.createElement("p");
    note.id = "earmark-present-note";
    note.setAttribute("role", "status");
    document.body.append(button, note);
    // Whether what a script measures is enlarged, too: all browsers but Safari (26) say so.
    const measuresZoom = () => {
        const probe = document.createElement("div");
        probe.style.cssText = "position: absolute; width: 100px; zoom: 2";
        document.body.append(probe);
        const {width} = probe.getBoundingClientRect();
        probe.remove();
        return width > 150;
    };
    const fit = () => {
        const zoom = Math.max(1, Math.min(window.innerWidth / 1000, window.innerHeight / 562));
        root.style.setProperty("--stage-zoom", zoom.toFixed(3));
        root.style.setProperty("--screen-height", `${(window.innerHeight / zoom).toFixed(1)}px`);
        root.style.setProperty("--measured-zoom", measuresZoom() ? zoom.toFixed(3) : 1);
    };
    const show = isOn => {
        if (root.classList.contains("presenting") === isOn) return;
        root.classList.toggle("presenting", isOn);
        fit();
        document.querySelector("[data-testid=stMain]:focus")?.blur();  // its frame would stay round the page
        note.textContent = isOn ? "Press Esc or P to leave the presenter's view." : "";
        setTimeout(() => { note.textContent = ""; }, 4000);
        window.dispatchEvent(new Event("resize"));  // charts look how much room they have
        if (isOn) root.requestFullscreen?.().catch(() => {});  // without it, the view fills the window
        else if (document.fullscreenElement) document.exitFullscreen();
    };
    button.addEventListener("click", () => show(true));
    document.addEventListener("fullscreenchange", () => {
        fit();
        if (!document.fullscreenElement) show(false);
    });
    window.addEventListener("resize", fit);
    const press = event => {
        if (event.ctrlKey || event.metaKey || event.altKey || event.repeat) return;
        if (event.target.closest?.(fields)) return;
        const isOn = root.classList.contains("presenting");
        if (event.key === "p" || event.key === "P") show(!isOn);
        else if (event.key === "Escape" && isOn) show(false);
    };
    document.addEventListener("keydown", press);
    // A frame that has the focus, such as that of the live video, gets the keys; one of elsewhere keeps them.
    const reach = frame => frame.contentDocument?.addEventListener("keydown", press);
    document.querySelectorAll("iframe").forEach(reach);
    document.addEventListener("load", ({target}) => {
        if (target.tagName === "IFRAME") reach(target);
    }, true);
}
</script>"""


def offer_presenter() -> None:
    """Call once in each run of the app, which shows the style of stage.py, too."""
    st.html(_SCRIPT, unsafe_allow_javascript=True)
