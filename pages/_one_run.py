"""One training as a card: what it is worth, what it mistakes, and what can be done with it."""

import re

import streamlit as st

from genre import plots_training, runs
from genre.catalogue import Entry, bundle
from genre.plots import percent
from genre.runs import RunError
from genre.zoo import promote_run
from pages._runs import chart, state_badge, swatch


def show_run(entry: Entry, name: str, report: dict | None, colour: str, number: int) -> None:
    with st.container(border=True, key=f"card_{number}"):
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            swatch(colour)
            st.text(name)
            if entry.recorded:
                st.badge("recorded", icon=":material/history:", color="gray",
                         help="It came with Earmark, so that there is something to compare.")  # fmt: skip
            else:
                state_badge(entry)
        if entry.run.note:
            st.text(entry.run.note)
        if report and "by_track" in report:
            _figures(report, number)
        else:
            st.caption(entry.run.message.replace("$", "\\$"))
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
    source = report["data"]["source"].replace("$", "\\$")
    st.caption(f"Learnt from {split['train_tracks']} tracks and tested on {split['test_tracks']} "
               f"({source}).{leaky}")  # fmt: skip
    chart(plots_training.confusion_matrix(result), key=f"confusion_{number}",
          alt="Confusion matrix: what it is against what the model says",
          title="**What it takes for what**, in tracks")  # fmt: skip


def _actions(entry: Entry) -> None:
    if entry.recorded:
        st.caption("A recorded training: its figures are here, its weights are not. Train the model "
                   "yourself to use it.")  # fmt: skip
        return
    run = entry.run
    with st.container(horizontal=True, gap="xsmall"):
        if run.state == "done":
            with st.popover("Use it", icon=":material/hearing:", help="On the Listen page"):
                _use(entry)
            st.download_button(
                "Download", lambda: bundle(run.folder), f"{run.name}.zip", "application/zip",
                key=f"download_{run.name}", icon=":material/download:", on_click="ignore",
                help="Weights, card and report in one ZIP file.",
            )  # fmt: skip
        if run.state != "damaged":
            with st.popover("Rename", icon=":material/edit:"):
                _rename(entry)
        with st.popover("Delete", icon=":material/delete:"):
            _delete(entry)


def _use(entry: Entry) -> None:
    run = entry.run
    suggested = re.sub(r"[^\w.-]+", "-", entry.title).strip("-.")[:40] or "mine"
    name = st.text_input("Its name on the Listen page", suggested, max_chars=40, key=f"as_{run.name}")
    if st.button("Offer it there", key=f"promote_{run.name}", type="primary"):
        try:
            promote_run(run.folder, name.strip())
        except (ValueError, OSError) as error:
            st.error(str(error), icon=":material/error:")
        else:
            st.success("The Listen page offers it now, beside the one that came with Earmark.",
                       icon=":material/check:")  # fmt: skip
            st.page_link("pages/listen.py", label="Go and listen", icon=":material/graphic_eq:")


def _rename(entry: Entry) -> None:
    run = entry.run
    with st.form(f"describe_{run.name}", border=False):
        title = st.text_input("Name", run.title, max_chars=80, key=f"title_{run.name}")
        note = st.text_area("Note", run.note, max_chars=2_000, key=f"note_{run.name}")
        if st.form_submit_button("Keep", type="primary"):
            try:
                runs.describe(run.folder, title, note)
            except (RunError, OSError) as error:
                st.error(str(error))
            else:
                st.rerun()


def _delete(entry: Entry) -> None:
    run = entry.run
    st.markdown("Delete this training with its figures and weights? It cannot be brought back.")
    if st.button("Yes, delete it", key=f"delete_{run.name}", icon=":material/delete:"):
        try:
            runs.stop(run.folder)
            runs.delete(run.folder)
        except (RunError, OSError) as error:
            st.error(str(error))
        else:
            st.rerun()
