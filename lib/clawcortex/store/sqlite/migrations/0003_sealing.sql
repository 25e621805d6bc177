-- Each line of the audit is sealed together with the one before it; older lines are covered by the first that is.

ALTER TABLE audit ADD COLUMN digest TEXT NOT NULL DEFAULT '';
