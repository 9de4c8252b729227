"""The page for somebody who is not let in: HTML that loads nothing else."""

from html import escape

from genre.paths import REPOSITORY

_STYLE = """
:root { color-scheme: light dark; --paper: #FCFBF8; --card: #fff; --ink: #1F2326; --line: #DEDAD0;
        --green: #0F6E6E; --on-green: #fff; --error: #A3271E; }
@media (prefers-color-scheme: dark) {
    :root { --paper: #14181B; --card: #1F2529; --ink: #ECE9E2; --line: #343C41; --green: #2E9E95;
            --on-green: #0C1113; --error: #FF9C92; } }
* { box-sizing: border-box; }
body { margin: 0; min-height: 100vh; min-height: 100dvh; display: grid; place-items: center; padding: 1.25rem;
       background: var(--paper); color: var(--ink); font: 1rem/1.5 "Source Sans", system-ui, sans-serif; }
main { width: 100%; max-width: 26rem; padding: 2rem; background: var(--card); border: 1px solid var(--line);
       border-radius: .75rem; }
svg { display: block; height: 2rem; width: auto; margin-bottom: 1.5rem; }
h1 { margin: 0 0 .5rem; font-size: 1.5rem; line-height: 1.25; font-weight: 650; }
p { margin: 0 0 1.25rem; }
form { display: grid; gap: .5rem; margin: 0; }
label { font-size: .875rem; }
input, button { width: 100%; min-height: 2.75rem; font: inherit; border-radius: .5rem; }
input { padding: 0 .75rem; color: inherit; background: var(--paper); border: 1px solid var(--line); }
button { margin-top: .5rem; border: 0; cursor: pointer; background: var(--green);
         color: var(--on-green); font-weight: 600; }
:focus-visible { outline: 2px solid var(--green); outline-offset: 2px; }
.error { margin: 0; color: var(--error); font-size: .875rem; }
"""
_WRONG = (
    '<p class="error" id="wrong" role="alert">This token does not open it. Tokens are new at each start of '
    "Earmark: scan the code again, or ask for the present one.</p>"
)
_FORM = """<p>It is open to guests with an invitation. Scan the code that the host shows you, or type the
token of your invitation here.</p>
<form method="get" action="/">
<label for="token">Token, or the whole address</label>
<input id="token" name="token" autocomplete="off" autocapitalize="off" spellcheck="false" required
autofocus{described}>
{wrong}
<button>Come in</button>
</form>"""


def ask_page(is_wrong: bool) -> str:
    """Write the page that asks for the token; `is_wrong` after one that does not open."""
    form = _FORM.format(
        wrong=_WRONG if is_wrong else "",
        described=' aria-describedby="wrong" aria-invalid="true"' if is_wrong else "",
    )
    return _page("This Earmark is private", form)


def closed_page(address: str) -> str:
    """Write the page for a name that Earmark is not served by; `address` is the one that it is."""
    return _page(
        "Not at this address",
        f"<p>Earmark is open to its own machine alone, at <b>{escape(address)}</b>. To let others in, "
        "start it with <b>make run HTTPS=1</b>.</p>",
    )


def _page(title: str, content: str) -> str:
    logo = (REPOSITORY / "assets" / "icons" / "earmark.svg").read_text()
    return (
        '<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><title>Earmark</title>'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        '<meta name="robots" content="noindex">'
        f"<style>{_STYLE}</style></head><body><main>{logo}<h1>{title}</h1>{content}</main></body></html>"
    )
