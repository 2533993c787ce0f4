-- Infinity, NaN, dates before Christ, empty strings and arrays.
-- out: right
CREATE TABLE t (d double precision, n numeric, ts timestamptz, da date, a int[], s text, b bytea, i interval);
INSERT INTO t VALUES ('NaN', 'Infinity', 'infinity', '4713-01-01 BC', '{}', '', '', '178000000 years'), ('-Infinity', '-0.0', '0044-03-15 BC', 'infinity', '[2:3]={1,NULL}', '\N', '\x00', '-1 mon +2 days');
