-- A statement of a person as the engine's parser writes it; an error if it is none, or more than one.
SELECT formatQuery($question) AS text
