"""The dashboard: reads analytics.reports, owns no number."""
