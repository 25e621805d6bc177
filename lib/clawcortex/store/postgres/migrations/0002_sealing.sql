-- Each line of the audit is sealed together with the one before it; older lines are covered by the first that is.

ALTER TABLE audit ADD COLUMN digest TEXT COLLATE "C" NOT NULL DEFAULT '';

-- Its numbers are given like those of events: one after the other, the row locked until the line is committed.
INSERT INTO counters (name, value) SELECT 'audit', coalesce(max(seq), 0) FROM audit;
