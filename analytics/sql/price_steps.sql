-- What was used between $start and $until at other prices than those of $at: for the models of the attempts that some of it is
-- billed in, up to when the prices before $at were others, and since when those after it are; NULL: they were not. That a price
-- begins is no change: nothing had a price before. $models are those that served, $contracted: discounts count.
-- An id as models are known by; Bedrock's ARNs end in it.
CREATE OR REPLACE TEMP MACRO id_in(written) AS if(starts_with(written, 'arn:'), split_part(written, '/', -1), written);

WITH step AS (
    SELECT model, valid_from AS moment FROM price QUALIFY valid_from > min(valid_from) OVER (PARTITION BY model, speed)
    UNION
    SELECT model, valid_from FROM modifier QUALIFY valid_from > min(valid_from) OVER (PARTITION BY model, field, value)
    UNION
    SELECT NULL, valid_from FROM per_use QUALIFY valid_from > min(valid_from) OVER (PARTITION BY counter, platform)
    UNION
    SELECT model, unnest([valid_from, valid_to]) FROM discount WHERE $contracted
),
moved AS (
    SELECT model, max(moment) FILTER (WHERE moment <= $at::TIMESTAMP) AS up_to, min(moment) FILTER (WHERE moment > $at::TIMESTAMP) AS since
    FROM step
    WHERE moment > $start::TIMESTAMP AND moment < $until::TIMESTAMP
    GROUP BY model
),
billed AS (  -- ids, of which several may be one model's
    SELECT id, up_to, since FROM moved JOIN known_id ON moved.model IS NULL OR moved.model = known_id.model
),
several AS (  -- attempts that may have been billed in more models than the one that served
    SELECT record_id, started_at FROM line
    WHERE kind NOT IN ('top_level', 'message', 'compaction') AND started_at >= $start AND started_at < $until
        AND started_at >= (SELECT if(count(*) > 0, $start, $until) FROM moved)
),
used AS (
    SELECT unnest($models::VARCHAR[]) AS model, id_in(model) AS id
    UNION
    SELECT DISTINCT usage.model, id_in(line.model)
    FROM several
    JOIN line ON line.record_id = several.record_id AND line.started_at = several.started_at
    JOIN usage ON usage.record_id = several.record_id AND usage.started_at = several.started_at
)
SELECT list(DISTINCT used.model ORDER BY used.model) AS models, max(up_to) AS up_to, min(since) AS since
FROM used JOIN billed USING (id)
