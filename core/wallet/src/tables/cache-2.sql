-- Who was paid, so that two payments to one merchant are known as such (records that came before say nothing of it); and the refunds of a
-- payment, found without reading the list.
ALTER TABLE records ADD COLUMN payee_id TEXT;
CREATE INDEX records_by_original ON records (original) WHERE original IS NOT NULL;
