-- As ../price_steps.sql has it. Here an attempt's lines lie in its row: no join.
WITH step AS (
    SELECT model, valid_from AS moment FROM price QUALIFY valid_from > min(valid_from) OVER (PARTITION BY model, speed)
    UNION DISTINCT
    SELECT model, valid_from FROM modifier QUALIFY valid_from > min(valid_from) OVER (PARTITION BY model, field, value)
    UNION DISTINCT
    SELECT NULL, valid_from FROM per_use QUALIFY valid_from > min(valid_from) OVER (PARTITION BY counter, platform)
    UNION DISTINCT
    SELECT model, arrayJoin([valid_from, valid_to]) FROM discount WHERE $contracted::BOOLEAN
),
moved AS (
    SELECT model, maxIf(moment, moment <= $at::TIMESTAMP) AS up_to, minIf(moment, moment > $at::TIMESTAMP) AS since
    FROM step
    WHERE moment > $start::TIMESTAMP AND moment < $until::TIMESTAMP
    GROUP BY model
),
billed AS (  -- ids, of which several may be one model's
    SELECT known_id.id AS id, up_to, since FROM moved CROSS JOIN known_id WHERE moved.model IS NULL OR moved.model = known_id.model
),
used AS (
    SELECT arrayJoin($models::VARCHAR[]) AS model, model AS written
    UNION DISTINCT
    SELECT DISTINCT model, arrayJoin(lines.model) AS written  -- attempts that may have been billed in more models than the one that served
    FROM attempt
    WHERE started_at >= $start::TIMESTAMP AND started_at < $until::TIMESTAMP AND (SELECT count(*) FROM moved) > 0
        AND arrayExists(kind -> kind NOT IN ('top_level', 'message', 'compaction'), lines.kind)
)
SELECT arraySort(groupUniqArray(used.model)) AS models, max(up_to) AS up_to, min(since) AS since
FROM used JOIN billed ON billed.id = if(startsWith(used.written, 'arn:'), arrayElement(splitByChar('/', coalesce(used.written, '')), -1), used.written)
