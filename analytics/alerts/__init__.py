"""Alerts: what was crossed, who is told, and that they are told once."""
