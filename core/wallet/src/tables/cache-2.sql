-- Who was paid, so that two payments to one merchant are known as such (records that came before say nothing of it); and the refunds of a
-- payment, found without reading the list.
ALTER TABLE records ADD COLUMN payee_id TEXT;
CREATE INDEX records_by_original ON records (original) WHERE original IS NOT NULL;
CREATE INDEX records_by_person ON records (payee_id) WHERE kind = 'transfer';

-- What is on its way out is asked with every look at the balance, and is a few records of many.
CREATE INDEX records_leaving ON records (key) WHERE state = 'pending' AND minor < 0 AND kind IN ('withdraw', 'transfer');
