"""Tables are sent when somebody opens them: opening all of a page."""

from __future__ import annotations

from streamlit.testing.v1 import AppTest


def opened(page: AppTest) -> AppTest:
    """The page with every table unfolded."""
    folds = {fold.proto.query_param_key for fold in page.expander}
    for key in folds:
        if key.startswith("folded:"):
            page.session_state[key] = True
    page.run()
    assert not page.exception
    return page
