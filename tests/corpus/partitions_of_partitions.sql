-- Partitions of partitions, a default one, one attached with its columns in another order.
-- out: right
CREATE TABLE t (id int NOT NULL, day date NOT NULL, body text, PRIMARY KEY (id, day)) PARTITION BY RANGE (day);
CREATE TABLE t_25 PARTITION OF t FOR VALUES FROM ('2025-01-01') TO ('2026-01-01') PARTITION BY LIST (id);
CREATE TABLE t_25_1 PARTITION OF t_25 FOR VALUES IN (1, 2, 3); CREATE TABLE t_25_rest PARTITION OF t_25 DEFAULT;
CREATE TABLE t_26 (body text, day date NOT NULL, id int NOT NULL); ALTER TABLE t ATTACH PARTITION t_26 FOR VALUES FROM ('2026-01-01') TO ('2027-01-01');
CREATE TABLE t_rest PARTITION OF t DEFAULT; CREATE INDEX t_body ON t (body);
INSERT INTO t SELECT g, date '2024-12-01' + g * 3, 'b' FROM generate_series(1, 400) g;
