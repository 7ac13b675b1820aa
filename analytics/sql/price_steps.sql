-- Whether anything that was used between two moments changed its price: a token price, a modifier, a fee or a discount.
SELECT count(*) > 0 AS stepped
FROM (
    SELECT model, valid_from FROM price
    UNION ALL
    SELECT model, valid_from FROM modifier
    UNION ALL
    SELECT NULL, valid_from FROM per_use
    UNION ALL
    SELECT model, valid_from FROM discount
    UNION ALL
    SELECT model, valid_to FROM discount
)
WHERE valid_from > $start::TIMESTAMP AND valid_from < $until::TIMESTAMP
    AND (model IS NULL OR model IN (SELECT model FROM known_id WHERE list_contains($models::VARCHAR[], id)))
