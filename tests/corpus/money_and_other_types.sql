-- Types whose text depends on something, or that few have.
-- out: right
CREATE TABLE t (m money, l pg_lsn, x pg_snapshot, b bit(5), v bit varying, i inet, c cidr, k macaddr8, o oid, n name, ch "char", j jsonpath, u uuid, tz timetz, iv interval day to second(2), g tid, w xid8);
INSERT INTO t VALUES ('1234567.89', '16/B374D848', '10:20:10,14', B'10101', B'1', '10.1.2.3/8', '10.0.0.0/8', '08:00:2b:01:02:03:04:05', 4294967295, 'x', 'c', '$.a[*] ? (@ > 1)', gen_random_uuid(), '12:00+05:30', '-1 day 2.567 s', '(1,2)', '18446744073709551615');
