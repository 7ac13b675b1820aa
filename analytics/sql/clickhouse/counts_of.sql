-- As ../counts_of.sql has it.
CREATE OR REPLACE TEMP MACRO counts_of(usage) AS arrayMap(
    found -> toInt64OrNull(extract(found, '^[0-9]{1,15}$')),
    [JSONExtractRaw(coalesce(usage, ''), 'output_tokens_details', 'thinking_tokens'), JSONExtractRaw(coalesce(usage, ''), 'output_tokens')])
