-- What is done with lists and maps, by names that both engines know; sql/clickhouse/lists.sql has the other half.
CREATE OR REPLACE TEMP MACRO tags_of(tags, keys) AS list_transform(keys, lambda key: tags[key]);
CREATE OR REPLACE TEMP MACRO tag_pairs(tags) AS map_entries(tags);
CREATE OR REPLACE TEMP MACRO members_at(members, places) AS list_transform(places, lambda place: members[place]);
CREATE OR REPLACE TEMP MACRO first_of(members, count) AS members[:count];
CREATE OR REPLACE TEMP MACRO each_as(members, word) AS list_transform(members, lambda member: word);
CREATE OR REPLACE TEMP MACRO count_until(moments, last) AS len(list_filter(moments, lambda moment: moment <= last));
-- Quantiles without the last digits, which are noise: each engine has its own way between two neighbours. Of durations in whole
-- microseconds a quantile such as 0.999 has no more digits than these.
CREATE OR REPLACE TEMP MACRO settled(quantiles) AS list_transform(quantiles, lambda quantile: round(quantile, 6))
