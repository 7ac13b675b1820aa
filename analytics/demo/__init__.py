"""The demo: production-style traffic of three pretend teams, through the real SDK client, into a ledger of its own."""
