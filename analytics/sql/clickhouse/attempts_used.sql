-- As ../attempts_used.sql has them. Here the lines of an attempt lie in its row: no join.
SELECT
    *,
    if(lines_of > 0, lines.output_tokens[1] + arraySum(arrayMap(tokens -> coalesce(tokens, 0), lines.output_tokens)) - coalesce(lines.output_tokens[1], 0), NULL) AS output_tokens,
    if(lines_of > 0, lines.service_tier[1] = 'batch', NULL) AS batch,
    if(lines_of > 0, lines.service_tier[1] = 'priority', NULL) AS priority,
    if(lines_of > 0, lines.speed[1] = 'fast', NULL) AS fast
FROM (
    SELECT *, length(lines.kind) AS lines_of FROM (
INCLUDE attempts_of
    )
)
