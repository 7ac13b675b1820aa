"""The errors of the router. The API's own errors pass through untouched.

anthropic.AnthropicError
  RouterError
    PolicyError (also ValueError)
"""

from __future__ import annotations

from anthropic import AnthropicError


class RouterError(AnthropicError):
    """The root of what the router raises on purpose."""


class PolicyError(RouterError, ValueError):
    """A policy that cannot be used. The message names file, key, what was found and what was expected."""
