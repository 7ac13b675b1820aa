-- Every re-rating that changed the books, the newest first.
SELECT
    rerating.* EXCLUDE rerating_id,
    list({
        'model': model, 'cause': cause, 'lines': lines, 'unpriced_before': unpriced_before, 'unpriced_after': unpriced_after,
        'list_cost_before': list_cost_before, 'list_cost_after': list_cost_after,
        'contracted_cost_before': contracted_cost_before, 'contracted_cost_after': contracted_cost_after
    } ORDER BY model NULLS LAST, cause NULLS FIRST) AS changes
FROM rerating JOIN rerating_change USING (rerating_id)
GROUP BY ALL
ORDER BY rerated_at DESC
