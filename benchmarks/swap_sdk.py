"""A pytest plugin (`-p swap_sdk`): the SDK's public client names are those of the router from here on."""

from __future__ import annotations

import os
import tempfile

os.environ["TOLLGATE_HOME"] = tempfile.mkdtemp(prefix="tollgate-conformance-")

import anthropic

import router

for sync_name, async_name in (("Anthropic", "AsyncAnthropic"), ("Client", "AsyncClient")):
    setattr(anthropic, sync_name, router.Anthropic)
    setattr(anthropic, async_name, router.AsyncAnthropic)
