"""One training as a card: its metrics, its confusions, and what can be done with it."""

import streamlit as st

from genre.data.protocols import FOLD_PROTOCOLS
from genre.errors import error_sentence
from genre.models.registry import MODELS
from genre.paths import promoted_title
from genre.plots import training as plots_training
from genre.runs import directory as runs
from genre.runs import process
from genre.runs.catalogue import Entry, bundle, free_name, promoted_name
from genre.runs.report import Report
from genre.text import percent
from genre.training.publish import promote_run, retitle_model
from pages.access.roles import is_operator, require_operator
from pages.shared.flash import set_flash, show_flash
from pages.shared.models import choose_model, chosen_model, take_off
from pages.shared.widgets import download_button, escaped
from pages.training.run_display import (
    ABOUT_EXCERPTS,
    EXCERPTS,
    MODEL_NAMES,
    TRACKS,
    ChartEntry,
    plain_title,
    show_chart,
    show_state,
    show_swatch,
)
from pages.training.setup.quota import may_change


def show_run(item: ChartEntry, report: Report | None, number: int) -> None:
    """Show the training as a card."""
    entry = item.entry
    with st.container(border=True, key=f"card_{entry.id}"):
        with st.container(gap="xxsmall"):
            _show_name(item)
        if report and report.is_tested:
            _show_metrics(report, number)
        else:
            st.caption(escaped(entry.run.message))
            if entry.run.state == "done" and not report:
                st.warning(
                    "Its report is missing or damaged, so that there are no figures to show. Train it "
                    "again to have them.",
                    icon=":material/warning:",
                )
        if entry.run.note:  # above the charts the note would keep them from standing side by side
            st.text(entry.run.note)
        _show_actions(entry)


def _show_name(item: ChartEntry) -> None:
    """Show the name and, in a line of its own, the technical one: cards side by side stay level."""
    entry = item.entry
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        show_swatch(item.colour)
        st.text(item.name)
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        if entry.model in MODEL_NAMES:
            st.caption(
                entry.model, width="content", help=f"Its technical name. {MODELS[entry.model].description}"
            )
        if entry.recorded:
            st.badge(
                "recorded",
                icon=":material/history:",
                color="gray",
                help="It came with Earmark, so that there is something to compare.",
            )
        else:
            show_state(entry)
        if entry.leaky:
            st.badge(
                "the test leaks",
                icon=":material/water_drop:",
                color="orange",
                help="Its figures say nothing about new music.",
            )


def _show_metrics(report: Report, number: int) -> None:
    metrics, split = report.by_track, report.split
    low, high = metrics["accuracy_interval"]
    with st.container(horizontal=True, gap="medium"):
        st.metric(
            TRACKS,
            percent(metrics["accuracy"]),
            width="content",
            help=f"Between {percent(low)} and {percent(high)}, as far as {metrics['count']} "
            "test tracks can tell.",
        )
        if "accuracy" in report.by_window:
            st.metric(EXCERPTS, percent(report.by_window["accuracy"]), width="content", help=ABOUT_EXCERPTS)
        st.metric(
            "Answers in",
            f"{report.inference_ms:.1f} ms",
            width="content",
            help="For one excerpt, on this machine's processor.",
        )
    show_chart(
        plots_training.confusion_matrix(metrics),
        key=f"confusion_{number}",
        alt="Confusion matrix: what it is against what the model says",
        title="**What it mistakes for what**, in tracks",
    )
    protocol = f"Learnt from {split['train_tracks']} tracks and tested on {split['test_tracks']}"
    if split["name"] in FOLD_PROTOCOLS:
        protocol = (
            f"Learnt from {split['test_tracks']} tracks. Tested by five siblings, each on a fifth that "
            "it had not learnt from"
        )
    st.caption(f"{protocol}.", help=f"The music: {escaped(report.data['source'])}")


def _show_actions(entry: Entry) -> None:
    if entry.recorded:
        st.caption(
            "A recorded training: its figures are here, its weights are not. Train the model "
            "yourself to use it."
        )
        return
    if not may_change(entry.run):
        return
    if entry.run.state == "done":
        _show_uses(entry)
    if not is_operator():
        return
    with st.container(horizontal=True, gap="xsmall"):
        if entry.run.state != "damaged":
            # Under another name it is another popover, which is closed.
            key = f"rename_{entry.run.name}_{hash((entry.run.title, entry.run.note))}"
            with st.popover("Rename", icon=":material/edit:", key=key, on_change="rerun"):
                _show_rename(entry)
        with st.popover("Delete", icon=":material/delete:"):
            _show_delete(entry)


def _show_uses(entry: Entry) -> None:
    """Show the uses of a trained model: the Listen page, or a file to take away."""
    folder = entry.run.folder
    promoted = promoted_name(folder)
    with st.container(horizontal=True, gap="xsmall"):
        is_pressed = is_operator() and st.button(
            "Put it on the Listen page",
            key=f"use_{entry.run.name}",
            icon=":material/hearing:",
            help="Name genres there with this model.",
        )
        download_button(
            "Download",
            lambda: bundle(folder),
            f"{entry.run.name}.zip",
            "application/zip",
            key=f"download_{entry.run.name}",
            help="Weights, card and report in one ZIP file.",
        )
        if promoted and is_operator():
            st.button(
                "Take it off the Listen page",
                key=f"unpublish_{entry.run.name}",
                icon=":material/hearing_disabled:",
                on_click=_unpublish,
                args=(entry, promoted),
                help="Nobody can choose it there any more. The training stays.",
            )
    show_flash(f"unpublish_{entry.run.name}")
    if is_pressed:
        _promote(entry)
    if promoted and promoted == chosen_model():
        st.success(
            f"The Listen page uses this model now, under the name **{escaped(promoted_title(promoted))}**. "
            "Other visitors can choose it there.",
            icon=":material/check:",
        )
        st.page_link("pages/listen.py", label="Go and listen", icon=":material/graphic_eq:")


def _promote(entry: Entry) -> None:
    """Make the run the model of this visit, and one that every visitor can choose."""
    try:
        require_operator("publish models")
        with st.spinner("Taking it to the Listen page"):
            name = promoted_name(entry.run.folder)
            if name is None:
                name = promote_run(entry.run.folder, free_name(entry)).name
                if plain_title(entry) != entry.title:  # its name is the same on every page
                    retitle_model(name, plain_title(entry))
    except (ValueError, OSError) as error:
        st.error(error_sentence(error), icon=":material/error:")
        return
    choose_model(name)
    st.rerun()  # no other card then says so for itself


def _unpublish(entry: Entry, name: str) -> None:
    try:
        require_operator("withdraw models")
        take_off(name)
    except (ValueError, OSError) as error:
        set_flash(f"unpublish_{entry.run.name}", escaped(error_sentence(error)))


def _show_rename(entry: Entry) -> None:
    run = entry.run
    with st.form(f"describe_{run.name}", border=False):
        title = st.text_input("Name", plain_title(entry), max_chars=80, key=f"title_{run.name}")
        note = st.text_area("Note", run.note, max_chars=2_000, key=f"note_{run.name}")
        if st.form_submit_button("Save", type="primary"):
            try:
                require_operator("rename trainings")
                runs.annotate_run(run.folder, title, note)
                if promoted := promoted_name(run.folder):
                    retitle_model(promoted, title)
            except (ValueError, OSError) as error:
                st.error(error_sentence(error))
            else:
                st.rerun()


def _show_delete(entry: Entry) -> None:
    run = entry.run
    promoted = promoted_name(run.folder) if run.state == "done" else None
    use = f" The Listen page offers it as **{escaped(promoted_title(promoted))}**" if promoted else ""
    st.markdown(
        f"Delete **{escaped(plain_title(entry))}** with its figures and weights? It cannot be brought back."
        + (f"{use}: it disappears there too, and whoever uses it gets the model of Earmark." if use else "")
    )
    if st.button("Yes, delete it", key=f"delete_{run.name}", icon=":material/delete:"):
        try:
            require_operator("delete trainings")
            process.stop_run(run.folder)
            if promoted:
                take_off(promoted)
            process.delete_run(run.folder)
        except (ValueError, OSError) as error:
            st.error(error_sentence(error))
        else:
            st.rerun()
