"""The list of this page's recordings: what each is doing, and what can be done with it."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import streamlit as st

from asr_core.jobs import Stage
from asr_core.pace import clock
from ui_components import state
from ui_components.leftovers import close_player
from ui_components.phrases import phrase, size
from ui_components.plain import plain
from ui_components.progress import span, stage
from ui_components.run import Run
from ui_components.told import told
from ui_components.watch import watch

_ICONS: dict[Stage, str] = {
    "held": ":material/pause_circle:",
    "waiting": ":material/schedule:",
    "loading": ":material/hourglass_top:",
    "transcribing": ":material/graphic_eq:",
    "done": ":material/check_circle:",
    "cancelled": ":material/stop_circle:",
    "failed": ":material/error:",
}
_TALL = 320  # pixels, of a list that scrolls
_MANY = 6


def queue_panel() -> None:
    """Show the list when there is more than one recording, or one that waits to be started."""
    runs = state.runs_here()
    if len(runs) > 1 or any(run.job.stage == "held" for run in runs):
        watch(_panel, 1.0, _has_changed, ended=not _is_moving(runs))


def _has_changed() -> bool:
    """Whether somebody did something, or nothing may change by itself any more."""
    return st.session_state.pop("queue_acted", False) or not _is_moving(state.runs_here())


def _panel() -> None:
    runs, shown = state.runs_here(), state.current_run()
    with st.container(border=True, gap="xsmall", key="queue"):
        _head(runs)
        with st.container(gap=None, height=_TALL if len(runs) > _MANY else "content"):
            for run in runs:
                _row(run, is_shown=run is shown)


def _head(runs: Sequence[Run]) -> None:
    """The whole list in one line, and what can be done with all of it."""
    left = [state.runs().remaining(run) for run in runs if run.job.running]
    held = state.held_bytes()
    said = []
    if known := [seconds for seconds in left if seconds is not None]:
        said.append(
            phrase("queue_left" if len(known) < len(left) else "eta", time=span(sum(known)))
        )
    if held:
        said.append(phrase("queue_memory", size=size(held)))
    with st.container(horizontal=True, vertical_alignment="center"):
        n = len(runs)
        st.markdown(f"**{phrase('queue_one') if n == 1 else phrase('queue', n=n)}**")
        st.caption(" · ".join(said))
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        stages = {run.job.stage for run in runs}
        if "held" in stages:
            _button("start_queue", ":material/play_arrow:", state.start_held)
        if _is_moving(runs):
            _button("cancel_all", ":material/stop_circle:", state.cancel_all)
        if held:
            _button("forget_all", ":material/delete_forever:", _forget_all)
        _button("clear_queue", ":material/playlist_remove:", state.new_recording)


def _row(run: Run, is_shown: bool) -> None:
    """One recording: its name, which shows it when clicked, how far it is, and a menu."""
    job = run.job
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.button(
            plain(job.name),
            key=f"show-{job.id}",
            icon=_ICONS[job.stage],
            type="secondary" if is_shown else "tertiary",
            on_click=_act,
            args=(state.select, run),
        )
        st.caption(_said(run))
        st.menu_button(
            phrase("queue_more"),
            _options(run),
            key=f"more-{job.id}",
            type="tertiary",
            format_func=phrase,
            on_click=_act,
            args=(_do, run),
        )


def _said(run: Run) -> str:
    """What a recording is doing, or how it ended."""
    job = run.job
    if job.running:
        return stage(run)
    if job.stage == "failed":
        return told(job.error or "")
    assert job.transcript is not None
    return phrase(f"queue_{job.stage}", time=clock(job.transcript.duration))


def _options(run: Run) -> list[str]:
    """What can be done with a recording, as keys of phrases."""
    if not run.job.running:
        return ["queue_remove"]
    if run.job.stage in ("held", "waiting"):
        return ["queue_up", "queue_front", "queue_remove"]
    return ["cancel", "queue_remove"]


def _do(run: Run) -> None:
    """What was chosen in the menu of a recording."""
    match st.session_state.get(f"more-{run.job.id}"):
        case "cancel":
            state.runs().cancel(run)
        case "queue_remove":
            state.remove(run)
        case "queue_up" | "queue_front" as place:
            state.runs().move(run, to_front=place == "queue_front")


def _forget_all() -> None:
    state.forget_all_audio()
    close_player()


def _button(key: str, icon: str, action: Callable[[], None]) -> None:
    st.button(
        phrase(key),
        key=key,
        icon=icon,
        on_click=_act,
        args=(action,),
    )


def _act(action: Callable[..., None], *args: Run) -> None:
    """Do it before anything is drawn; what is drawn next may be the end of a run, which redraws."""
    action(*args)
    st.session_state.queue_acted = True


def _is_moving(runs: Sequence[Run]) -> bool:
    """Whether what the list says may change by itself."""
    return any(run.job.running for run in runs)
