"""The page: a recording comes in, its job runs, its transcript is shown."""

import streamlit as st

from ui_components import state
from ui_components.masthead import ASSETS, masthead
from ui_components.open_project import open_project
from ui_components.progress import progress
from ui_components.result import result
from ui_components.settings_panel import settings_panel
from ui_components.uploader import uploader
from ui_components.welcome import privacy_note, welcome

st.set_page_config(page_title="Sottovoce", page_icon=str(ASSETS / "icon.svg"))
masthead()
st.space("small")

run = state.current_run()
if run is None:
    welcome()
    source = uploader()
    settings = settings_panel()
    project = open_project()
    privacy_note()
    if project is not None:
        state.show(project)
        st.rerun()
    if source is not None:
        state.start(source, settings)
        st.rerun()
elif run.job.running:
    progress(run)
else:
    result(run)
