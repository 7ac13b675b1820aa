-- A copy of contract.yaml, and what it makes of each charge. Without a contract `contract` has no row.

CREATE TABLE contract (
    version  VARCHAR NOT NULL,
    currency VARCHAR                             -- of reports, beside USD
);

-- Ids that only this customer knows: Foundry deployments, Bedrock application inference profiles.
CREATE TABLE contract_id (
    platform VARCHAR NOT NULL,
    id       VARCHAR NOT NULL,
    model    VARCHAR NOT NULL,
    scope    VARCHAR NOT NULL
);

-- What stands behind an id. A deployment may have the name of a model that it is not: the contract knows better.
CREATE VIEW known_id AS
SELECT platform, id, model, scope FROM contract_id
UNION ALL
SELECT platform, id, model, scope FROM model_id ANTI JOIN contract_id USING (platform, id);

-- For one platform, model, service tier and moment at most one row holds.
CREATE TABLE discount (
    platform     VARCHAR NOT NULL,
    model        VARCHAR NOT NULL,
    service_tier VARCHAR,                        -- NULL: every one
    valid_from   TIMESTAMP NOT NULL,
    valid_to     TIMESTAMP NOT NULL,
    multiplier   DECIMAL(5, 4) NOT NULL
);

CREATE TABLE exchange_rate (
    currency   VARCHAR NOT NULL,
    valid_from TIMESTAMP NOT NULL,
    valid_to   TIMESTAMP NOT NULL,
    per_usd    DECIMAL(12, 6) NOT NULL
);

-- A model had no price before it was launched: then that is the reason.
ALTER TABLE model ADD COLUMN launched TIMESTAMP;

ALTER TABLE charge ADD COLUMN contracted_cost DECIMAL(38, 18);   -- USD; list_cost less the discount in force
ALTER TABLE charge ADD COLUMN reporting_cost DECIMAL(38, 24);    -- contracted_cost in the contract's currency; NULL without a rate
ALTER TABLE charge ADD COLUMN contract_version VARCHAR;          -- NULL: rated without a contract
UPDATE charge SET contracted_cost = list_cost;
