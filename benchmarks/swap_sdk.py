"""A pytest plugin (`-p swap_sdk`): the SDK's public client names are those of the router from here on.

With SWAP_SDK_KEEP set, every client has `Policy(explicit="keep")`: named models are kept.
"""

from __future__ import annotations

import functools
import os
import tempfile
from typing import Any

os.environ["TOLLGATE_HOME"] = tempfile.mkdtemp(prefix="tollgate-conformance-")

import anthropic

import router

KEEP = router.Policy(explicit="keep")


def keep_named_models(cls: Any) -> None:
    """Give a client class another default policy; its name and type stay what they are."""
    original = cls.__init__

    @functools.wraps(original)
    def __init__(self: Any, *args: Any, policy: router.Policy = KEEP, **options: Any) -> None:  # noqa: N807  # it becomes it
        original(self, *args, policy=policy, **options)

    cls.__init__ = __init__


for name in router.__all__:
    theirs, ours = getattr(anthropic, name, None), getattr(router, name)
    if isinstance(theirs, type) and issubclass(ours, theirs):
        setattr(anthropic, name, ours)
        if os.environ.get("SWAP_SDK_KEEP"):
            keep_named_models(ours)
anthropic.Client = anthropic.Anthropic
anthropic.AsyncClient = anthropic.AsyncAnthropic
