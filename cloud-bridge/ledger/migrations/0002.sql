-- A plan may have megabytes: it has a row of its own, so that whoever lists operations does not read it.
CREATE TABLE plan (
	operation TEXT PRIMARY KEY REFERENCES operation (id) ON DELETE CASCADE,
	document TEXT NOT NULL -- JSON, as the agent made it
) STRICT;
INSERT INTO plan SELECT id, document -> '$.result.plan' FROM operation WHERE json_type(document, '$.result.plan') = 'object';
UPDATE operation SET document = json_remove(document, '$.result.plan') WHERE id IN (SELECT operation FROM plan);
