-- Everything here was made anew, by the rules that are recorded next.
DELETE FROM rule
