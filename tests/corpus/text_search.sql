-- Dictionaries, configurations, vectors, a trigger that keeps one.
-- out: right
CREATE TEXT SEARCH DICTIONARY words (TEMPLATE = simple, STOPWORDS = 'english'); CREATE TEXT SEARCH CONFIGURATION conf (COPY = pg_catalog.english); ALTER TEXT SEARCH CONFIGURATION conf ALTER MAPPING FOR asciiword WITH words;
CREATE TABLE t (body text, v tsvector GENERATED ALWAYS AS (to_tsvector('text_search.conf', body)) STORED); INSERT INTO t VALUES ('the quick brown'), (NULL); CREATE INDEX t_v ON t USING gin (v);
