-- What the provider says that it bills: its cost report, day by day. `billed_cost` is nowhere else, as nothing here computes it.

-- A day's report can be revised: its rows are replaced together. A day for which nothing was billed has one row, of zero.
CREATE TABLE provider_cost (
    day            DATE NOT NULL,                -- UTC
    workspace_id   VARCHAR,                      -- NULL: the default workspace
    description    VARCHAR,                      -- from here to token_type as the report has it
    model          VARCHAR,
    cost_type      VARCHAR,
    service_tier   VARCHAR,
    context_window VARCHAR,
    token_type     VARCHAR,
    billed_cost    DECIMAL(38, 18) NOT NULL,     -- US dollars; the report has cents
    fetched_at     TIMESTAMP NOT NULL            -- UTC; what is young is not final
);

COMMENT ON TABLE provider_cost IS 'What the provider''s cost report bills: tollgate reconcile';
COMMENT ON COLUMN provider_cost.day IS 'UTC';
COMMENT ON COLUMN provider_cost.workspace_id IS 'Of the provider; NULL: the default workspace';
COMMENT ON COLUMN provider_cost.description IS 'Of the item, in the provider''s words; NULL on a day without items';
COMMENT ON COLUMN provider_cost.model IS 'That was used; NULL for what is not about tokens';
COMMENT ON COLUMN provider_cost.cost_type IS 'tokens, web_search, code_execution, session_usage';
COMMENT ON COLUMN provider_cost.service_tier IS 'standard or batch; the report lacks the priority tier';
COMMENT ON COLUMN provider_cost.context_window IS '0-200k or 200k-1M';
COMMENT ON COLUMN provider_cost.token_type IS 'Which tokens; NULL for what is not about tokens';
COMMENT ON COLUMN provider_cost.billed_cost IS 'USD';
COMMENT ON COLUMN provider_cost.fetched_at IS 'When the report said so, UTC; of a young day it is not final';
