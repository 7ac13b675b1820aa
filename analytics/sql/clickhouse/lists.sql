-- What is done with lists and maps, by the names of ../lists.sql.
CREATE OR REPLACE TEMP MACRO tags_of(tags, keys) AS arrayMap(key -> tags[key], keys);
CREATE OR REPLACE TEMP MACRO tag_pairs(tags) AS CAST(tags, 'Array(Tuple(key String, value Nullable(String)))');
CREATE OR REPLACE TEMP MACRO members_at(members, places) AS arrayMap(place -> members[place], places);
CREATE OR REPLACE TEMP MACRO first_of(members, count) AS arraySlice(members, 1, count);
CREATE OR REPLACE TEMP MACRO each_as(members, word) AS arrayMap(member -> word, members);
CREATE OR REPLACE TEMP MACRO count_until(moments, last) AS arrayCount(moment -> moment <= last, moments);
-- Quantiles of nothing are no numbers here.
CREATE OR REPLACE TEMP MACRO settled(quantiles) AS arrayMap(quantile -> if(isNaN(quantile), NULL, round(if(isNaN(quantile), 0, quantile), 6)), quantiles)
