-- Names that need quotes, of every kind of object.
-- out: right
CREATE TABLE "Odd ""T"" 'x' \ %" ("select" int, "a b" text, "ÄÖ😀" int); INSERT INTO "Odd ""T"" 'x' \ %" VALUES (1, E'a\tb\n\\N', 2);
CREATE INDEX "i ""x""" ON "Odd ""T"" 'x' \ %" ("a b"); CREATE VIEW "V ""v""" AS SELECT "ÄÖ😀" FROM "Odd ""T"" 'x' \ %"; COMMENT ON TABLE "Odd ""T"" 'x' \ %" IS E'it''s\n"odd"';
CREATE FUNCTION "F f"("A a" int) RETURNS int LANGUAGE sql AS 'SELECT $1'; CREATE TYPE "E e" AS ENUM ('it''s', '"x"'); CREATE SEQUENCE "S;s";
