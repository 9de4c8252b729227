"""What is seen while a piece is painted, in the place of its picture."""

from html import escape

import streamlit as st

_STYLE = """<style>
    .painting { position: relative; display: grid; place-items: center; height: 16rem; overflow: hidden;
        border-radius: .6rem; background: linear-gradient(#05040f, #2a0a4a 60%, #5b2060); }
    .painting::before { content: ""; position: absolute; inset: 0; background:
        repeating-linear-gradient(90deg, #05040f77 0 3%, transparent 3% 5%, #05040f44 5% 7%,
            transparent 7% 11%),
        repeating-linear-gradient(0deg, #fec28744 0 3px, transparent 3px 17px),
        linear-gradient(#05040f, #4f127b 35%, #b5367a 65%, #fb8761 90%, #fec287);
        mask: linear-gradient(90deg, #000 45%, transparent 55%) 60% 0 / 220% 100%;
        animation: painting-sweep 2.8s ease-in-out infinite; }
    @keyframes painting-sweep { from { mask-position: 100% 0; } 80%, to { mask-position: 0 0; } }
    .painting b { position: relative; margin: 1rem; padding: .4rem 1rem; border-radius: 1.2rem; color: #fff;
        background: #05040fb3; font-weight: 600; line-height: 1.35; text-align: center; text-wrap: balance; }
    @media (prefers-reduced-motion: reduce) { .painting::before { animation: none; } }
</style>"""


def show_painting(words: str) -> None:
    """Show that something is being painted, with words for it."""
    st.html(f'{_STYLE}<div class="painting"><b>{escape(words)}</b></div>')


def bring_charts_early() -> None:
    """Let the browser fetch what draws charts while the painter still paints: nobody sees this one."""
    with st.container(key="chart_to_come"):
        st.html("<style>.st-key-chart_to_come { display: none; }</style>")
        st.plotly_chart({"data": [{"type": "scatter"}]}, key="empty_chart", alt="Nothing yet")
