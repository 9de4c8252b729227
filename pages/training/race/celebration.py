"""The end of a race for who has watched it: the winner, a rain of paper, and for who began it a fanfare."""

from html import escape

import streamlit as st

from genre.plots.training import RUN_COLOURS
from genre.text import percent
from pages.training.comparison import Outcome, TestedRun
from pages.training.run_display import ChartEntry
from pages.training.state import train_state
from pages.training.style import CELEBRATION

N_PIECES = 36  # of coloured paper

# G, C, E and a longer G, as soft as a doorbell. A browser that was never touched would refuse the sound.
_FANFARE = """<script>{  // RACE: the browser runs no script again that stays where it is
    const Context = window.AudioContext ?? window.webkitAudioContext;
    if (Context && navigator.userActivation?.hasBeenActive && document.visibilityState === "visible") {
        const context = new Context(), begin = context.currentTime + 0.05;
        [[392, 0, 0.14], [523.25, 0.14, 0.14], [659.25, 0.28, 0.14], [783.99, 0.42, 0.9]].forEach(
            ([frequency, start, length]) => {
                const tone = new OscillatorNode(context, {type: "triangle", frequency});
                const volume = new GainNode(context, {gain: 0});
                volume.gain.setValueAtTime(0, begin + start);
                volume.gain.linearRampToValueAtTime(0.16, begin + start + 0.02);
                volume.gain.exponentialRampToValueAtTime(0.001, begin + start + length + 0.15);
                tone.connect(volume).connect(context.destination);
                tone.start(begin + start);
                tone.stop(begin + start + length + 0.2);
            });
        setTimeout(() => context.close(), 2500);
    }
}</script>"""


def show_celebration(heat: list[ChartEntry], results: list[TestedRun], outcome: Outcome | None) -> None:
    """Celebrate who has won, over the whole screen for some seconds. The page says the same to stay."""
    honest = sorted((run for run in results if not run.is_leaky), key=lambda run: -run.accuracy)
    is_decided = bool(outcome) or len(honest) == 1
    if not is_decided or any(item.entry.run.state != "done" for item in heat):
        return
    headline = outcome.headline if outcome else f"{honest[0].name} has learnt"
    winner = next((run for run in honest if outcome and run.name == outcome.first), honest[0])
    lines = [f"{percent(winner.accuracy)} of the tracks right"]
    cheat = max((run.accuracy for run in results if run.is_leaky), default=0.0)
    if cheat > winner.accuracy:
        lines.append(f"The cheat's {percent(cheat)} does not count")
    is_own = any(item.entry.run.name in train_state().started for item in heat)
    fanfare = _FANFARE.replace("RACE", heat[-1].entry.run.name) if is_own else ""
    symbol = "trophy" if not outcome or outcome.is_sure else "flag"
    html = f"{CELEBRATION}{_card_html(symbol, headline, lines)}{fanfare}"
    st.html(html, unsafe_allow_javascript=bool(fanfare))


def _card_html(symbol: str, headline: str, lines: list[str]) -> str:
    pieces = "".join(
        f'<s style="--left: {(37 * number) % 100}%; --wait: {(number * 13 % 20) / 10}s; '
        f'--drift: {(number * 7 % 9) - 4}rem; --colour: {RUN_COLOURS[number % len(RUN_COLOURS)]}"></s>'
        for number in range(N_PIECES)
    )
    texts = "".join(f"<span>{escape(line)}</span>" for line in lines)
    return (
        f'<div class="celebration" aria-hidden="true">{pieces}<div class="celebration-card"><i>{symbol}</i>'
        f"<b>{escape(headline)}</b>{texts}</div></div>"
    )
