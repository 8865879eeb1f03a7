"""The page: recordings come in, their jobs run, the transcript of one of them is shown."""

import streamlit as st

from ui_components import state
from ui_components.autosave_notice import autosave_notice
from ui_components.autosave_panel import autosave_panel
from ui_components.headline import headline
from ui_components.masthead import ASSETS, masthead
from ui_components.models_panel import models_panel
from ui_components.offline_check import offline_check
from ui_components.open_project import open_project
from ui_components.phrases import phrase
from ui_components.progress import progress
from ui_components.queue_panel import queue_panel
from ui_components.range_panel import range_panel
from ui_components.readiness import readiness
from ui_components.recorder import recorder
from ui_components.result import result
from ui_components.server_badge import server_badge
from ui_components.settings_panel import settings_panel
from ui_components.uploader import uploader
from ui_components.welcome import privacy_note, welcome

st.set_page_config(page_title="Sottovoce", page_icon=str(ASSETS / "icon.svg"))
run = state.current_run()

# One place for all that comes and goes here: were what follows moved by it, an upload that is on
# its way would be lost.
with st.container():
    masthead()
    server_badge()
    st.space("small")
    readiness(is_idle=run is None)
    if run is None:
        welcome()
    autosave_notice(is_idle=run is None)
    queue_panel()

recorder()
with st.container() if run is None else st.expander(phrase("add"), icon=":material/add:"):
    intake = st.container()
    clip = range_panel()
    settings = settings_panel()
    project = open_project()
    autosave_panel()
    models_panel()
    privacy_note()
    offline_check()
if clip is not None:
    state.choose(settings, clip)
with intake:  # drawn last: whatever is drawn may be interrupted, and what was taken be lost
    sources = uploader(disabled=clip is None)
if clip is not None and sources:
    state.start(sources, settings, clip)
    st.rerun()
if project is not None:
    state.show(project)
    st.rerun()

if run is not None:
    is_running = run.job.running  # asked once: it may end while the page is drawn
    headline(run, is_running)
    progress(run, is_running)
    if not is_running:
        result(run)
