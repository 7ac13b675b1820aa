-- Which values of which tags are in the scope, for scope.sql.
SET VARIABLE scope = map($keys::VARCHAR[], $allowed::VARCHAR[][])
