-- Ranges and multiranges of one's own, with a subtype difference and a canonical form of the server.
-- out: right
CREATE FUNCTION apart(double precision, double precision) RETURNS double precision LANGUAGE sql IMMUTABLE AS 'SELECT $1 - $2';
CREATE TYPE span AS RANGE (subtype = double precision, subtype_diff = apart, multirange_type_name = spans);
CREATE TABLE t (s span, m spans, EXCLUDE USING gist (s WITH &&)); INSERT INTO t SELECT span(g, g + 0.5), spans(span(g, g + 0.5), span(g + 2, g + 3)) FROM generate_series(1, 20) g;
