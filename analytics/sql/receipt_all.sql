-- Every attempt of the desk is one that a receipt is asked for.
INSERT INTO fresh SELECT record_id FROM usage
