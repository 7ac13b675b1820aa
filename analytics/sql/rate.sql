-- Rate the lines of the attempts in `fresh` that have no charge yet: lines × prices, exact to the last digit.
--
-- A price that is missing makes its product NULL, and so the sum; what was not used costs nothing, priced or not.
-- The charges lie in the order of the lines, which is that of time: sorting them again would double the time of a re-rating.
-- Decimals are cast wide before they are multiplied: DuckDB multiplies narrow ones in 18 digits, and would overflow.
CREATE OR REPLACE TEMP MACRO cost_of(tokens, usd_per_token) AS tokens::DECIMAL(38, 0) * usd_per_token;

-- Not every model has a price for these; what was not used needs none.
CREATE OR REPLACE TEMP MACRO cost_if_used(tokens, usd_per_token) AS if(tokens = 0, 0, cost_of(tokens, usd_per_token));

-- Hours, of 3,600 seconds, to nine decimals: what is lost is less than a nano-dollar.
CREATE OR REPLACE TEMP MACRO cost_of_time(seconds, usd_per_hour) AS
    if(seconds = 0, 0, (seconds * 0.000277777777777778::DECIMAL(18, 18))::DECIMAL(25, 9) * usd_per_hour::DECIMAL(13, 9));

-- Bedrock's ARNs end in the id.
CREATE OR REPLACE TEMP MACRO id_of(platform, model) AS
    if(platform = 'bedrock' AND starts_with(model, 'arn:'), split_part(model, '/', -1), model);

INSERT INTO charge BY NAME
WITH per_token AS (
    SELECT * REPLACE (
        input::DECIMAL(25, 6) * 0.000001 AS input,
        output::DECIMAL(25, 6) * 0.000001 AS output,
        cache_write_5m::DECIMAL(25, 6) * 0.000001 AS cache_write_5m,
        cache_write_1h::DECIMAL(25, 6) * 0.000001 AS cache_write_1h,
        cache_read::DECIMAL(25, 6) * 0.000001 AS cache_read)
    FROM price
),
asked_per_token AS (
    -- The model that was asked for is compared at the speed that was served, if it has that speed at all.
    FROM per_token
    UNION ALL
    SELECT * REPLACE ('fast' AS speed) FROM per_token
    WHERE speed = 'standard' AND model NOT IN (SELECT model FROM price WHERE speed = 'fast')
),
known AS (
    SELECT
        line.* REPLACE (coalesce(served.scope, line.scope) AS scope),
        served.model AS priced_model,
        -- An advisor was asked for by name: routing has no part in it.
        if(line.kind = 'advisor_message', served.model, asked.model) AS asked_model,
        input_tokens + cache_write_5m_tokens + cache_write_1h_tokens + cache_read_input_tokens AS prompt_tokens
    FROM line
    JOIN fresh USING (record_id)
    LEFT JOIN known_id AS served ON served.platform = line.platform AND served.id = id_of(line.platform, line.model)
    LEFT JOIN known_id AS asked ON asked.platform = line.platform AND asked.id = id_of(line.platform, line.requested_model)
    WHERE NOT EXISTS (FROM charge WHERE charge.record_id = line.record_id)
),
priced AS (
    SELECT
        known.*,
        price.sku_price_id, price.input, price.output, price.cache_write_5m, price.cache_write_1h, price.cache_read,
        asked.input AS asked_input, asked.output AS asked_output, asked.cache_write_5m AS asked_cache_write_5m,
        asked.cache_write_1h AS asked_cache_write_1h, asked.cache_read AS asked_cache_read,
        search.price AS search_price,
        hour.price AS hour_price,
        coalesce(discount.multiplier, 1.0000) AS discount_multiplier,
        tier.multiplier AS tier_multiplier, geo.multiplier AS geo_multiplier, scope.multiplier AS scope_multiplier,
        tier.multiplier * geo.multiplier * scope.multiplier AS multiplier
    FROM known
    LEFT JOIN per_token AS price ON price.model = priced_model AND price.speed = known.speed
        AND prompt_tokens > price.prompt_over AND prompt_tokens <= price.prompt_up_to
        AND started_at >= price.valid_from AND started_at < price.valid_to
    LEFT JOIN asked_per_token AS asked ON asked.model = asked_model AND asked.speed = known.speed
        AND prompt_tokens > asked.prompt_over AND prompt_tokens <= asked.prompt_up_to
        AND started_at >= asked.valid_from AND started_at < asked.valid_to
    LEFT JOIN modifier AS tier ON tier.field = 'service_tier' AND tier.model = priced_model AND tier.value = service_tier
        AND coalesce(tier.platform, known.platform) = known.platform AND coalesce(tier.speed, known.speed) = known.speed
        AND started_at >= tier.valid_from AND started_at < tier.valid_to
    LEFT JOIN modifier AS geo ON geo.field = 'inference_geo' AND geo.model = priced_model AND geo.value = inference_geo
        AND coalesce(geo.platform, known.platform) = known.platform AND coalesce(geo.speed, known.speed) = known.speed
        AND started_at >= geo.valid_from AND started_at < geo.valid_to
    LEFT JOIN modifier AS scope ON scope.field = 'scope' AND scope.model = priced_model AND scope.value = known.scope
        AND coalesce(scope.platform, known.platform) = known.platform AND coalesce(scope.speed, known.speed) = known.speed
        AND started_at >= scope.valid_from AND started_at < scope.valid_to
    LEFT JOIN per_use AS search ON search.counter = 'web_search_requests' AND search.platform = known.platform
        AND started_at >= search.valid_from AND started_at < search.valid_to
    LEFT JOIN per_use AS hour ON hour.counter = 'session_hours' AND hour.platform = known.platform
        AND started_at >= hour.valid_from AND started_at < hour.valid_to
    LEFT JOIN discount ON discount.platform = known.platform AND discount.model = priced_model
        AND coalesce(discount.service_tier, known.service_tier) = known.service_tier
        AND started_at >= discount.valid_from AND started_at < discount.valid_to
),
rated AS (
    SELECT
        *,
        cost_of(input_tokens, input) * multiplier AS input_cost,
        cost_of(output_tokens, output) * multiplier AS output_cost,
        (cost_if_used(cache_write_5m_tokens, cache_write_5m) + cost_if_used(cache_write_1h_tokens, cache_write_1h)) * multiplier
            AS cache_write_cost,
        cost_if_used(cache_read_input_tokens, cache_read) * multiplier AS cache_read_cost,
        cost_if_used(web_search_requests, search_price)::DECIMAL(38, 18) + cost_of_time(active_seconds, hour_price) AS tool_cost,
        (cost_of(input_tokens, asked_input) + cost_of(output_tokens, asked_output)
            + cost_if_used(cache_write_5m_tokens, asked_cache_write_5m) + cost_if_used(cache_write_1h_tokens, asked_cache_write_1h)
            + cost_if_used(cache_read_input_tokens, asked_cache_read)) * multiplier + tool_cost AS asked_cost,
        (cost_of(prompt_tokens, input) + cost_of(output_tokens, output)) * multiplier + tool_cost AS uncached_cost,
        input_cost + output_cost + cache_write_cost + cache_read_cost + tool_cost AS cost,
        CASE
            WHEN NOT billable THEN NULL
            WHEN problem IS NOT NULL THEN problem
            WHEN known.model IS NULL THEN 'the answer names no model'
            WHEN priced_model IS NULL THEN 'unknown model ' || known.model || ' on ' || platform
            WHEN model.unpriced IS NOT NULL THEN 'no price for ' || priced_model || ': ' || model.unpriced
            WHEN started_at < model.launched THEN priced_model || ' was launched on ' || strftime(model.launched, '%Y-%m-%d') || ', later than that'
            WHEN sku_price_id IS NULL THEN 'no price for ' || priced_model || ' at ' || speed || ' speed at that time'
            WHEN tier_multiplier IS NULL THEN 'no price for ' || priced_model || ' with service_tier ' || service_tier
            WHEN geo_multiplier IS NULL THEN 'no price for ' || priced_model || ' with inference_geo ' || inference_geo
            WHEN scope_multiplier IS NULL THEN 'no price for ' || priced_model || ' with scope ' || scope
            WHEN cache_write_cost IS NULL THEN 'no price for cache writes of ' || priced_model
            WHEN cache_read_cost IS NULL THEN 'no price for cache reads of ' || priced_model
            WHEN tool_cost IS NULL THEN 'no price for ' || if(active_seconds = 0 OR hour_price IS NOT NULL, 'web_search_requests', 'session_hours')
                || ' on ' || platform
        END AS unpriced_reason
    FROM priced AS known
    LEFT JOIN model ON model.model = priced_model
)
SELECT
    record_id, line_number, started_at, sku_price_id, price_table.version AS table_version, multiplier,
    if(billable, input_cost, 0) AS input_cost,
    if(billable, output_cost, 0) AS output_cost,
    if(billable, cache_write_cost, 0) AS cache_write_cost,
    if(billable, cache_read_cost, 0) AS cache_read_cost,
    if(billable, tool_cost, 0) AS tool_cost,
    CASE WHEN NOT billable THEN 0 WHEN problem IS NULL THEN cost END AS list_cost,
    (list_cost * discount_multiplier)::DECIMAL(38, 18) AS contracted_cost,
    -- Amounts that no wallet holds, in a currency of small coins, would not fit.
    TRY((CASE WHEN NOT billable THEN 0 WHEN problem IS NULL THEN cost END * discount_multiplier)::DECIMAL(38, 18)
        * exchange_rate.per_usd) AS reporting_cost,
    contract.version AS contract_version,
    CASE WHEN NOT billable THEN 0 WHEN problem IS NULL THEN asked_cost END AS requested_list_cost,
    CASE WHEN NOT billable THEN 0 WHEN problem IS NULL THEN uncached_cost END AS uncached_list_cost,
    unpriced_reason
FROM rated
CROSS JOIN price_table
LEFT JOIN contract ON true
LEFT JOIN exchange_rate ON exchange_rate.currency = contract.currency
    AND started_at >= exchange_rate.valid_from AND started_at < exchange_rate.valid_to
