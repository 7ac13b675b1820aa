-- What the supposed lines cost, by the member that they belong to and by estimate.
SELECT
    member,
    estimate,
    sum(if($contracted, contracted_cost, list_cost)) AS cost,
    coalesce(sum(lines) FILTER (WHERE list_cost IS NULL AND line_number = 1), 0)::BIGINT AS unpriced_lines,
    coalesce(sum(lines) FILTER (WHERE moves AND line_number = 1), 0)::BIGINT AS moved_lines,
    -- No such model on that platform, at that scope.
    coalesce(sum(lines) FILTER (WHERE target IS NOT NULL AND target_id IS NULL AND line_number = 1), 0)::BIGINT AS kept_lines,
    coalesce(sum(lines) FILTER (WHERE can_wait AND line_number = 1), 0)::BIGINT AS waiting_lines,
    coalesce(sum(lines) FILTER (WHERE too_short AND cached_tokens > 0 AND line_number = 1), 0)::BIGINT AS too_short_lines,
    coalesce(sum(lost + spared_5m + spared_1h + kept + gone) FILTER (WHERE line_number = 1), 0)::BIGINT AS followed_tokens,
    coalesce(sum(lines) FILTER (WHERE moves AND ratio <> 1 AND line_number = 1), 0)::BIGINT AS retokenized_lines,
    coalesce(sum(lines) FILTER (WHERE moves AND earlier AND line_number = 1), 0)::BIGINT AS before_launch_lines,
    list(DISTINCT unpriced_reason) FILTER (WHERE unpriced_reason IS NOT NULL) AS reasons
FROM supposed JOIN charge USING (record_id, line_number)
GROUP BY member, estimate
ORDER BY member, estimate
