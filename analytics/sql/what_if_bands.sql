-- Groups hold many prompts, whose sum says nothing of how long each was. So how long they were becomes a part of the speed, by
-- which rate.sql finds a price: `standard over 100000`.
CREATE OR REPLACE TEMP TABLE band AS
SELECT model, speed, prompt_over, prompt_up_to, valid_from, valid_to FROM price WHERE prompt_over > 0;

UPDATE price SET
    speed = if(prompt_over > 0, speed || ' over ' || prompt_over, speed), prompt_over = -1, prompt_up_to = 9223372036854775807;

INSERT INTO modifier
SELECT modifier.* REPLACE (band.speed || ' over ' || prompt_over AS speed)
FROM modifier JOIN (SELECT DISTINCT model, speed, prompt_over FROM band) AS band USING (model, speed)
