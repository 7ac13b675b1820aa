-- What people may ask in SQL. The tables behind these views change from version to version; names and meanings here stay.
-- Columns are listed, as a view of `*` breaks when its table grows.

-- Every join is on started_at, too: a filter on it then reaches each table, and yesterday is read without the rest.
CREATE VIEW charges AS
SELECT
    line.record_id,
    line.line_number,
    line.started_at AS charge_period_start,
    line.kind,
    line.platform,
    line.model,
    line.requested_model,
    line.service_tier,
    line.speed,
    line.inference_geo,
    line.scope,
    charge.sku_price_id,
    charge.table_version,
    line.input_tokens,
    line.output_tokens,
    line.cache_write_5m_tokens,
    line.cache_write_1h_tokens,
    line.cache_read_input_tokens,
    line.web_search_requests,
    line.active_seconds,
    charge.multiplier,
    charge.input_cost,
    charge.output_cost,
    charge.cache_write_cost,
    charge.cache_read_cost,
    charge.tool_cost,
    charge.list_cost,
    charge.contracted_cost,
    charge.reporting_cost,
    charge.requested_list_cost,
    charge.uncached_list_cost,
    line.billable,
    charge.unpriced_reason,
    line.flags
FROM line LEFT JOIN charge USING (record_id, line_number, started_at);

COMMENT ON VIEW charges IS 'One row per billed line: an attempt has one for each model that was billed in it';
COMMENT ON COLUMN charges.record_id IS 'The attempt: attempts.record_id';
COMMENT ON COLUMN charges.line_number IS 'Which line of the attempt';
COMMENT ON COLUMN charges.charge_period_start IS 'When the attempt began, UTC';
COMMENT ON COLUMN charges.kind IS 'top_level, or the type of the entry of usage.iterations';
COMMENT ON COLUMN charges.platform IS 'Where it ran: anthropic, bedrock, vertex, foundry';
COMMENT ON COLUMN charges.model IS 'The model that is priced';
COMMENT ON COLUMN charges.requested_model IS 'The model that the caller wrote';
COMMENT ON COLUMN charges.service_tier IS 'standard, priority or batch';
COMMENT ON COLUMN charges.speed IS 'standard or fast';
COMMENT ON COLUMN charges.inference_geo IS 'Where inference ran, as the API says it';
COMMENT ON COLUMN charges.scope IS 'Of the endpoint: global or regional';
COMMENT ON COLUMN charges.sku_price_id IS 'The price that was applied: prices.sku_price_id';
COMMENT ON COLUMN charges.table_version IS 'The version of the price table that it came from';
COMMENT ON COLUMN charges.input_tokens IS 'Tokens at the input price; NULL here and below: the API gave no count';
COMMENT ON COLUMN charges.output_tokens IS 'Tokens at the output price';
COMMENT ON COLUMN charges.cache_write_5m_tokens IS 'Tokens written to a cache for five minutes';
COMMENT ON COLUMN charges.cache_write_1h_tokens IS 'Tokens written to a cache for an hour';
COMMENT ON COLUMN charges.cache_read_input_tokens IS 'Tokens read from a cache';
COMMENT ON COLUMN charges.web_search_requests IS 'Searches, billed by the piece';
COMMENT ON COLUMN charges.active_seconds IS 'Seconds that a managed session was at work, billed by the hour';
COMMENT ON COLUMN charges.multiplier IS 'What batch, US-only and regional do to the token prices, multiplied';
COMMENT ON COLUMN charges.input_cost IS 'USD, part of list_cost';
COMMENT ON COLUMN charges.output_cost IS 'USD, part of list_cost';
COMMENT ON COLUMN charges.cache_write_cost IS 'USD, part of list_cost';
COMMENT ON COLUMN charges.cache_read_cost IS 'USD, part of list_cost';
COMMENT ON COLUMN charges.tool_cost IS 'USD, part of list_cost';
COMMENT ON COLUMN charges.list_cost IS 'USD at list price; NULL where the price is unknown, zero only for what is not billed';
COMMENT ON COLUMN charges.contracted_cost IS 'USD: list_cost less the discount of the contract';
COMMENT ON COLUMN charges.reporting_cost IS 'contracted_cost in the currency of the contract; NULL without a rate';
COMMENT ON COLUMN charges.requested_list_cost IS 'USD: the same tokens on the model that was asked for';
COMMENT ON COLUMN charges.uncached_list_cost IS 'USD: the same tokens had nothing been cached';
COMMENT ON COLUMN charges.billable IS 'Whether the API bills it at all';
COMMENT ON COLUMN charges.unpriced_reason IS 'Why list_cost is NULL';
COMMENT ON COLUMN charges.flags IS 'What was assumed, or looked wrong';

CREATE VIEW attempts AS
WITH money AS (
    SELECT
        record_id,
        charge_period_start AS started_at,
        sum(input_tokens)::BIGINT AS input_tokens,
        sum(output_tokens)::BIGINT AS output_tokens,
        sum(cache_write_5m_tokens)::BIGINT AS cache_write_5m_tokens,
        sum(cache_write_1h_tokens)::BIGINT AS cache_write_1h_tokens,
        sum(cache_read_input_tokens)::BIGINT AS cache_read_input_tokens,
        -- One line of unknown cost makes the cost unknown, not smaller.
        if(count(list_cost) = count(*), sum(list_cost), NULL) AS list_cost,
        if(count(contracted_cost) = count(*), sum(contracted_cost), NULL) AS contracted_cost,
        if(count(reporting_cost) = count(*), sum(reporting_cost), NULL) AS reporting_cost,
        min(unpriced_reason) AS unpriced_reason,
        true AS used
    FROM charges
    GROUP BY record_id, charge_period_start
)
SELECT
    usage.record_id,
    usage.call_id,
    usage.attempt,
    usage.started_at,
    usage.duration_ms,
    usage.time_to_first_token_ms,
    usage.platform,
    usage.region,
    usage.endpoint,
    usage.stream,
    usage.requested_model,
    usage.sent_model,
    usage.model,
    usage.max_tokens,
    usage.task_type,
    usage.tier,
    usage.confidence,
    usage.reason,
    usage.shadow_model,
    usage.tags,
    usage.workspace_id,
    usage.user_id,
    usage.key_fingerprint,
    usage.status,
    usage.error_type,
    usage.stop_reason,
    usage.stop_category,
    usage.content_empty,
    usage.request_id,
    usage.message_id,
    usage.batch_id,
    usage.custom_id,
    usage.batch_result_type,
    usage.complete,
    usage.estimated_output_tokens,
    usage.revision,
    if(money.used, money.input_tokens, 0) AS input_tokens,
    if(money.used, money.output_tokens, 0) AS output_tokens,
    if(money.used, money.cache_write_5m_tokens, 0) AS cache_write_5m_tokens,
    if(money.used, money.cache_write_1h_tokens, 0) AS cache_write_1h_tokens,
    if(money.used, money.cache_read_input_tokens, 0) AS cache_read_input_tokens,
    if(money.used, money.list_cost, 0) AS list_cost,
    if(money.used, money.contracted_cost, 0) AS contracted_cost,
    CASE WHEN money.used THEN money.reporting_cost WHEN (SELECT currency FROM contract) IS NOT NULL THEN 0 END
        AS reporting_cost,
    money.unpriced_reason,
    usage.usage
FROM usage LEFT JOIN money USING (record_id, started_at);

COMMENT ON VIEW attempts IS 'One row per attempt: an HTTP request to the API, with what it used and what that cost';
COMMENT ON COLUMN attempts.record_id IS 'Of this attempt alone';
COMMENT ON COLUMN attempts.call_id IS 'The call that the attempt belongs to: calls.call_id';
COMMENT ON COLUMN attempts.attempt IS 'Which one of its call, from 1';
COMMENT ON COLUMN attempts.started_at IS 'UTC; a filter on it makes a question cheap';
COMMENT ON COLUMN attempts.duration_ms IS 'Until the answer was complete, in milliseconds';
COMMENT ON COLUMN attempts.time_to_first_token_ms IS 'Of a stream, in milliseconds';
COMMENT ON COLUMN attempts.platform IS 'Where it ran: anthropic, bedrock, vertex, foundry';
COMMENT ON COLUMN attempts.region IS 'Of the platform, where it has regions';
COMMENT ON COLUMN attempts.endpoint IS 'The path that was called';
COMMENT ON COLUMN attempts.stream IS 'Whether the answer was streamed';
COMMENT ON COLUMN attempts.requested_model IS 'What the caller wrote';
COMMENT ON COLUMN attempts.sent_model IS 'What was sent to the API';
COMMENT ON COLUMN attempts.model IS 'What served it; NULL if nothing did';
COMMENT ON COLUMN attempts.max_tokens IS 'As the caller set it';
COMMENT ON COLUMN attempts.task_type IS 'What the request is for: classify, extract, code, ...';
COMMENT ON COLUMN attempts.tier IS 'haiku, sonnet or opus, as the policy decided';
COMMENT ON COLUMN attempts.confidence IS 'Of the classification, from 0 to 1';
COMMENT ON COLUMN attempts.reason IS 'Why the policy decided so';
COMMENT ON COLUMN attempts.shadow_model IS 'What the policy would have sent, had it not only watched';
COMMENT ON COLUMN attempts.tags IS 'The keys and values of the caller: tags[''team'']';
COMMENT ON COLUMN attempts.workspace_id IS 'Of the API key, where it is known';
COMMENT ON COLUMN attempts.user_id IS 'As the caller named it';
COMMENT ON COLUMN attempts.key_fingerprint IS 'Tells API keys apart; the key cannot be read from it';
COMMENT ON COLUMN attempts.status IS 'Of HTTP; NULL if no answer came';
COMMENT ON COLUMN attempts.error_type IS 'As the API or the connection named it; NULL if nothing failed';
COMMENT ON COLUMN attempts.stop_reason IS 'Why the model stopped, as the API says it';
COMMENT ON COLUMN attempts.stop_category IS 'Of a refusal, as the API says it';
COMMENT ON COLUMN attempts.content_empty IS 'Whether the answer had no content';
COMMENT ON COLUMN attempts.request_id IS 'Of the API, for its support';
COMMENT ON COLUMN attempts.message_id IS 'Of the answer';
COMMENT ON COLUMN attempts.batch_id IS 'The Message Batch that it is an item of';
COMMENT ON COLUMN attempts.custom_id IS 'Of the item in its batch';
COMMENT ON COLUMN attempts.batch_result_type IS 'succeeded, errored, canceled or expired; only succeeded is billed';
COMMENT ON COLUMN attempts.complete IS 'Whether the answer was seen to its end';
COMMENT ON COLUMN attempts.estimated_output_tokens IS 'What an answer cut short had produced, estimated';
COMMENT ON COLUMN attempts.revision IS 'Of the record; the highest is the one that counts';
COMMENT ON COLUMN attempts.input_tokens IS 'Tokens at the input price, over all lines; NULL here and below: the API gave no count';
COMMENT ON COLUMN attempts.output_tokens IS 'Tokens at the output price';
COMMENT ON COLUMN attempts.cache_write_5m_tokens IS 'Tokens written to a cache for five minutes';
COMMENT ON COLUMN attempts.cache_write_1h_tokens IS 'Tokens written to a cache for an hour';
COMMENT ON COLUMN attempts.cache_read_input_tokens IS 'Tokens read from a cache';
COMMENT ON COLUMN attempts.list_cost IS 'USD at list price; NULL if any line has no price, zero if nothing was used';
COMMENT ON COLUMN attempts.contracted_cost IS 'USD: list_cost less the discounts of the contract';
COMMENT ON COLUMN attempts.reporting_cost IS 'contracted_cost in the currency of the contract; NULL without a rate';
COMMENT ON COLUMN attempts.unpriced_reason IS 'Why list_cost is NULL';
COMMENT ON COLUMN attempts.usage IS 'What the API said was used, verbatim; NULL where it said nothing, or where it was pruned';

CREATE VIEW calls AS
SELECT
    call_id,
    min(started_at) AS started_at,
    count(*) AS attempts,
    arg_min_null(requested_model, attempt) AS requested_model,
    arg_max_null(model, attempt) AS model,
    arg_max_null(status, attempt) AS status,
    arg_max_null(error_type, attempt) AS error_type,
    arg_max_null(stop_reason, attempt) AS stop_reason,
    arg_max_null(task_type, attempt) AS task_type,
    arg_max_null(tier, attempt) AS tier,
    arg_max_null(tags, attempt) AS tags,
    coalesce(min(sent_model) <> max(sent_model)
        AND arg_max(error_type IS NULL AND coalesce(status BETWEEN 200 AND 299, false), attempt), false) AS fell_back,
    sum(input_tokens)::BIGINT AS input_tokens,
    sum(output_tokens)::BIGINT AS output_tokens,
    sum(cache_write_5m_tokens)::BIGINT AS cache_write_5m_tokens,
    sum(cache_write_1h_tokens)::BIGINT AS cache_write_1h_tokens,
    sum(cache_read_input_tokens)::BIGINT AS cache_read_input_tokens,
    if(count(list_cost) = count(*), sum(list_cost), NULL) AS list_cost,
    if(count(contracted_cost) = count(*), sum(contracted_cost), NULL) AS contracted_cost,
    if(count(reporting_cost) = count(*), sum(reporting_cost), NULL) AS reporting_cost,
    min(unpriced_reason) AS unpriced_reason
FROM attempts
GROUP BY call_id;

COMMENT ON VIEW calls IS 'One row per call of the SDK, with all its attempts. Made from every attempt there is: for one day in a large ledger, group attempts by call_id';
COMMENT ON COLUMN calls.call_id IS 'As in attempts';
COMMENT ON COLUMN calls.started_at IS 'When its first attempt began, UTC';
COMMENT ON COLUMN calls.attempts IS 'How many it took';
COMMENT ON COLUMN calls.requested_model IS 'What the caller wrote';
COMMENT ON COLUMN calls.model IS 'What served the last attempt; NULL if nothing did';
COMMENT ON COLUMN calls.status IS 'Of HTTP, of the last attempt';
COMMENT ON COLUMN calls.error_type IS 'Of the last attempt; NULL if it did not fail';
COMMENT ON COLUMN calls.stop_reason IS 'Of the last attempt';
COMMENT ON COLUMN calls.task_type IS 'What the request is for: classify, extract, code, ...';
COMMENT ON COLUMN calls.tier IS 'haiku, sonnet or opus, as the policy decided';
COMMENT ON COLUMN calls.tags IS 'The keys and values of the caller: tags[''team'']';
COMMENT ON COLUMN calls.fell_back IS 'Whether another model answered after the first did not';
COMMENT ON COLUMN calls.input_tokens IS 'Tokens at the input price, over all attempts';
COMMENT ON COLUMN calls.output_tokens IS 'Tokens at the output price';
COMMENT ON COLUMN calls.cache_write_5m_tokens IS 'Tokens written to a cache for five minutes';
COMMENT ON COLUMN calls.cache_write_1h_tokens IS 'Tokens written to a cache for an hour';
COMMENT ON COLUMN calls.cache_read_input_tokens IS 'Tokens read from a cache';
COMMENT ON COLUMN calls.list_cost IS 'USD at list price; NULL if any attempt has none';
COMMENT ON COLUMN calls.contracted_cost IS 'USD: list_cost less the discounts of the contract';
COMMENT ON COLUMN calls.reporting_cost IS 'contracted_cost in the currency of the contract; NULL without a rate';
COMMENT ON COLUMN calls.unpriced_reason IS 'Why list_cost is NULL';

CREATE VIEW hours AS
SELECT
    hour, model, requested_model, task_type, tier, platform, region, workspace_id, key_fingerprint, status, tags,
    calls, attempts, failed_attempts, fallback_calls, incomplete_attempts, open_attempts, batch_items,
    unpriced_attempts, list_cost, contracted_cost, reporting_cost, requested_list_cost, routing_saved, cache_saved,
    input_tokens, output_tokens, cache_write_tokens, cache_read_tokens
FROM hourly;

COMMENT ON VIEW hours IS 'Sums by the hour, kept also of attempts that were pruned. Young hours are in several rows, and five minutes listed in the table stale are missing or old here; attempts is always right';
COMMENT ON COLUMN hours.hour IS 'In which the attempts began, UTC';
COMMENT ON COLUMN hours.model IS 'What served them';
COMMENT ON COLUMN hours.requested_model IS 'What the caller wrote';
COMMENT ON COLUMN hours.task_type IS 'What the requests are for';
COMMENT ON COLUMN hours.tier IS 'haiku, sonnet or opus';
COMMENT ON COLUMN hours.platform IS 'Where they ran';
COMMENT ON COLUMN hours.region IS 'Of the platform, where it has regions';
COMMENT ON COLUMN hours.workspace_id IS 'Of the API key, where it is known';
COMMENT ON COLUMN hours.key_fingerprint IS 'Tells API keys apart';
COMMENT ON COLUMN hours.status IS 'Of HTTP; NULL if no answer came';
COMMENT ON COLUMN hours.tags IS 'The keys and values of the caller';
COMMENT ON COLUMN hours.calls IS 'A call counts where its last attempt does';
COMMENT ON COLUMN hours.attempts IS 'How many';
COMMENT ON COLUMN hours.failed_attempts IS 'Those without a good answer';
COMMENT ON COLUMN hours.fallback_calls IS 'Calls that another model answered, after the first one did not';
COMMENT ON COLUMN hours.incomplete_attempts IS 'Answers not seen to their end, output estimated';
COMMENT ON COLUMN hours.open_attempts IS 'Streams that had not ended';
COMMENT ON COLUMN hours.batch_items IS 'Items of Message Batches';
COMMENT ON COLUMN hours.unpriced_attempts IS 'Attempts with a line that has no price';
COMMENT ON COLUMN hours.list_cost IS 'USD at list price, of what has one; NULL here and below: known of no attempt';
COMMENT ON COLUMN hours.contracted_cost IS 'USD: list_cost less the discounts of the contract';
COMMENT ON COLUMN hours.reporting_cost IS 'contracted_cost in the currency of the contract';
COMMENT ON COLUMN hours.requested_list_cost IS 'USD: the same tokens on the models that were asked for, where they can be compared';
COMMENT ON COLUMN hours.routing_saved IS 'USD: requested_list_cost less list_cost of the same attempts';
COMMENT ON COLUMN hours.cache_saved IS 'USD: against paying the input price for every token of a prompt';
COMMENT ON COLUMN hours.input_tokens IS 'Tokens at the input price';
COMMENT ON COLUMN hours.output_tokens IS 'Tokens at the output price';
COMMENT ON COLUMN hours.cache_write_tokens IS 'Tokens written to caches';
COMMENT ON COLUMN hours.cache_read_tokens IS 'Tokens read from caches';

CREATE VIEW rejects AS
SELECT segment, byte_offset, reason, line FROM reject;

COMMENT ON VIEW rejects IS 'Lines of the spool that hold no record, kept as they are';
COMMENT ON COLUMN rejects.segment IS 'The file of the spool that it was in';
COMMENT ON COLUMN rejects.byte_offset IS 'Where the line begins there, in bytes';
COMMENT ON COLUMN rejects.reason IS 'What is wrong with it';
COMMENT ON COLUMN rejects.line IS 'The line as it was found';

CREATE VIEW prices AS
SELECT
    sku_price_id,
    model,
    model.name AS model_name,
    speed,
    nullif(prompt_over, -1) AS prompt_over,
    nullif(prompt_up_to, 9223372036854775807) AS prompt_up_to,
    valid_from,
    nullif(valid_to, TIMESTAMP '9999-12-31') AS valid_to,
    input,
    output,
    cache_write_5m,
    cache_write_1h,
    cache_read,
    source
FROM price LEFT JOIN model USING (model);

COMMENT ON VIEW prices IS 'The price table in use: one row per model, speed, prompt length and interval of time';
COMMENT ON COLUMN prices.sku_price_id IS 'As in charges';
COMMENT ON COLUMN prices.model IS 'As in charges';
COMMENT ON COLUMN prices.model_name IS 'As the provider writes it';
COMMENT ON COLUMN prices.speed IS 'standard or fast';
COMMENT ON COLUMN prices.prompt_over IS 'Holds for prompts longer than this many tokens; NULL: from the first';
COMMENT ON COLUMN prices.prompt_up_to IS 'And for at most this many; NULL: without end';
COMMENT ON COLUMN prices.valid_from IS 'UTC, included';
COMMENT ON COLUMN prices.valid_to IS 'UTC, excluded; NULL: still in force';
COMMENT ON COLUMN prices.input IS 'USD per million tokens, before modifiers such as batch';
COMMENT ON COLUMN prices.output IS 'USD per million tokens';
COMMENT ON COLUMN prices.cache_write_5m IS 'USD per million tokens written for five minutes';
COMMENT ON COLUMN prices.cache_write_1h IS 'USD per million tokens written for an hour';
COMMENT ON COLUMN prices.cache_read IS 'USD per million tokens read from a cache';
COMMENT ON COLUMN prices.source IS 'Where the price was published';
