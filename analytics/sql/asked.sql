-- Somebody's question once more, with its times as naive UTC: those with a zone reach Python only by way of another package.
-- {question} is one SELECT and was parsed as such; the other names are ours.
SELECT {columns} FROM (
{question}
) AS asked({names})
