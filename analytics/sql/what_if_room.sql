-- Room for another world: as temporary tables these stand before the ledger's own, so that prices can be changed and lines
-- that never were can be priced, while the books stay as they are.
CREATE OR REPLACE TEMP TABLE price_table AS FROM price_table;
CREATE OR REPLACE TEMP TABLE model AS FROM model;
CREATE OR REPLACE TEMP TABLE model_id AS FROM model_id;
CREATE OR REPLACE TEMP TABLE price AS FROM price;
CREATE OR REPLACE TEMP TABLE modifier AS FROM modifier;
CREATE OR REPLACE TEMP TABLE per_use AS FROM per_use;
CREATE OR REPLACE TEMP TABLE charge AS FROM charge LIMIT 0;
CREATE OR REPLACE TEMP TABLE fresh (record_id UUID);

CREATE OR REPLACE TEMP VIEW known_id AS
SELECT platform, id, model, scope FROM contract_id
UNION ALL
SELECT platform, id, model, scope FROM model_id ANTI JOIN contract_id USING (platform, id);

-- Two parts that add up to the whole, whatever is rounded.
CREATE OR REPLACE TEMP MACRO part_of(amount, share, line_number) AS
    if(line_number = 1, amount - round(amount * (1 - share)), round(amount * share))::BIGINT
