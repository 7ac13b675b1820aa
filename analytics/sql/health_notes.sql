-- What is odd about all there is: reasons why something has no cost, what was assumed, and what charges were made with.
SELECT kind, name, sum(count)::BIGINT AS count
FROM (
    SELECT hourly_note.* FROM hourly_note ANTI JOIN raw_slice ON raw_slice.slice = coalesce(hourly_note.slice, hourly_note.hour)
    UNION ALL
    SELECT * FROM recent_note
)
GROUP BY kind, name
ORDER BY kind, sum(count) DESC, name
