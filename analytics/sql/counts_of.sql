-- How much of the output was thinking, as a usage object says, and all output. What is no whole number is no count; beyond 15 digits
-- sums could overflow.
CREATE OR REPLACE TEMP MACRO counts_of(usage) AS list_transform(
    json_extract(usage, ['$.output_tokens_details.thinking_tokens', '$.output_tokens']),
    lambda found: if(json_type(found) = 'UBIGINT' AND length(found::VARCHAR) <= 15, TRY_CAST(found AS BIGINT), NULL))
