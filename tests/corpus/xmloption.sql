-- Documents and fragments of XML.
-- out: right
-- alone
RESET SESSION AUTHORIZATION;
DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET xmloption = document', current_database()); END $$;
SET SESSION AUTHORIZATION tenant;
CREATE TABLE t (x xml); INSERT INTO t VALUES ('<a>b</a>'), (xmlparse(content 'just <b>text</b>'));
