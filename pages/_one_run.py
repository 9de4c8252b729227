"""One training as a card: what it is worth, what it mistakes, and what can be done with it."""

import streamlit as st

from genre import plots_training, runs
from genre.catalogue import Entry, bundle, free_name, heard_as
from genre.failure import explain
from genre.offer_commands import promote_run, withdraw_model
from genre.plots import percent
from genre.protocols import FOLDED
from genre.runs import RunError
from pages._runs import chart, state_badge, swatch
from pages._shared import escaped


def show_run(entry: Entry, name: str, report: dict | None, colour: str, number: int) -> None:
    with st.container(border=True, key=f"card_{entry.id}"):
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            swatch(colour)
            st.text(name)
            if entry.recorded:
                st.badge("recorded", icon=":material/history:", color="gray",
                         help="It came with Earmark, so that there is something to compare.")  # fmt: skip
            else:
                state_badge(entry)
        if report and "by_track" in report:
            _figures(report, number)
        else:
            st.caption(escaped(entry.run.message))
            if entry.run.state == "done" and not report:
                st.warning("Its report is missing or damaged, so that there are no figures to show. Train it "
                           "again to have them.", icon=":material/warning:")  # fmt: skip
        if entry.run.note:  # below the charts, which else would not stand side by side
            st.text(entry.run.note)
        _actions(entry)


def _figures(report: dict, number: int) -> None:
    result, split = report["by_track"], report["split"]
    low, high = result["accuracy_interval"]
    with st.container(horizontal=True, gap="medium"):
        st.metric("Accuracy", percent(result["accuracy"]), width="content",
                  help=f"Between {percent(low)} and {percent(high)}, as far as {result['count']} "
                  "test tracks can tell.")  # fmt: skip
        st.metric("F1", f"{result['macro_f1']:.2f}", width="content",
                  help="Precision and recall in one, the mean over the genres: 1 is best.")  # fmt: skip
        st.metric("Answers in", f"{report['inference_ms']:.1f} ms", width="content",
                  help="For one window, on this machine's processor.")  # fmt: skip
    leaky = " **The split leaks: this says nothing about new music.**" if split["leaky"] else ""
    told = f"Learnt from {split['train_tracks']} tracks and tested on {split['test_tracks']}"
    if split["name"] in FOLDED:
        told = (f"Learnt from {split['test_tracks']} tracks. Tested by five siblings, each on a fifth that "
                "it had not learnt from")  # fmt: skip
    st.caption(f"{told} ({escaped(report['data']['source'])}).{leaky}")
    chart(plots_training.confusion_matrix(result), key=f"confusion_{number}",
          alt="Confusion matrix: what it is against what the model says",
          title="**What it takes for what**, in tracks")  # fmt: skip


def _actions(entry: Entry) -> None:
    if entry.recorded:
        st.caption("A recorded training: its figures are here, its weights are not. Train the model "
                   "yourself to use it.")  # fmt: skip
        return
    if entry.run.state == "done":
        _offer(entry)
    with st.container(horizontal=True, gap="xsmall"):
        if entry.run.state != "damaged":
            with st.popover("Rename", icon=":material/edit:"):
                _rename(entry)
        with st.popover("Delete", icon=":material/delete:"):
            _delete(entry)


def _offer(entry: Entry) -> None:
    """What a trained model is good for: the Listen page, or a file to take away."""
    folder = entry.run.folder
    offered = heard_as(folder)
    with st.container(horizontal=True, gap="xsmall"):
        use = st.button("Use it", key=f"use_{folder.name}", icon=":material/hearing:",
                        help="Let the Listen page hear with it.")  # fmt: skip
        st.download_button(
            "Download", lambda: bundle(folder), f"{folder.name}.zip", "application/zip",
            key=f"download_{folder.name}", icon=":material/download:", on_click="ignore",
            help="Weights, card and report in one ZIP file.",
        )  # fmt: skip
        if offered:
            st.button("Take it off the Listen page", key=f"withdraw_{folder.name}",
                      icon=":material/hearing_disabled:", on_click=_withdraw, args=(entry, offered),
                      help="Nobody can choose it there any more. The training stays.")  # fmt: skip
    if refused := st.session_state.pop(f"not_withdrawn_{folder.name}", None):
        st.error(escaped(refused), icon=":material/error:")
    if use:
        _use(entry)
    if (ear := st.session_state.get("ear")) and offered == ear:
        st.success(f"The Listen page hears with it now, by the name of **{escaped(ear)}**. Other visitors "
                   "can choose it there.", icon=":material/check:")  # fmt: skip
        st.page_link("pages/listen.py", label="Go and listen", icon=":material/graphic_eq:")


def _use(entry: Entry) -> None:
    """Make it the ear of this visit, and one that every visitor can choose."""
    try:
        with st.spinner("Taking it to the Listen page"):
            name = heard_as(entry.run.folder) or promote_run(entry.run.folder, free_name(entry)).name
    except (ValueError, OSError) as error:
        st.error(explain(error), icon=":material/error:")
        return
    st.session_state.ear = name
    st.rerun()  # so that no other card says it of its own


def _withdraw(entry: Entry, name: str) -> None:
    try:
        withdraw_model(name)
        if st.session_state.get("ear") == name:
            st.session_state.ear = None
    except (ValueError, OSError) as error:
        st.session_state[f"not_withdrawn_{entry.run.name}"] = explain(error)


def _rename(entry: Entry) -> None:
    run = entry.run
    with st.form(f"describe_{run.name}", border=False):
        title = st.text_input("Name", run.title, max_chars=80, key=f"title_{run.name}")
        note = st.text_area("Note", run.note, max_chars=2_000, key=f"note_{run.name}")
        if st.form_submit_button("Keep", type="primary"):
            try:
                runs.describe(run.folder, title, note)
            except (RunError, OSError) as error:
                st.error(explain(error))
            else:
                st.rerun()


def _delete(entry: Entry) -> None:
    run = entry.run
    st.markdown(f"Delete **{escaped(entry.title)}** with its figures and weights? It cannot be brought back.")
    if st.button("Yes, delete it", key=f"delete_{run.name}", icon=":material/delete:"):
        try:
            runs.stop(run.folder)
            runs.delete(run.folder)
        except (RunError, OSError) as error:
            st.error(explain(error))
        else:
            st.rerun()
