-- The reference service's book. Plain SQLite on purpose: an auditor opens it with any tool.
-- Money is in fen. Times are milliseconds since 1970, UTC. Ids are 32 hexadecimal digits.

CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;

-- Double entry. An account's balance is the sum of its postings; money at the bank is negative, what
-- the service owes is positive, so that everything sums to zero.
CREATE TABLE ledger_accounts (
    account TEXT PRIMARY KEY,
    kind TEXT NOT NULL CHECK (kind IN ('user', 'bank', 'merchant', 'fees', 'suspense', 'claims')),
    balance INTEGER NOT NULL DEFAULT 0,
    may_be_negative INTEGER NOT NULL DEFAULT 0,
    CHECK (may_be_negative = 1 OR balance >= 0)
) WITHOUT ROWID;

CREATE TABLE transactions (
    txn INTEGER PRIMARY KEY,
    -- 'execute' moves the money of an intent or of a charge; 'refund', 'suspend' and 'return' undo or park it. A withdrawal is parked until
    -- its bank has answered, then carried out or returned. A transfer is carried out into suspense, and 'return' takes it out: to the payee or back.
    purpose TEXT NOT NULL CHECK (purpose IN ('execute', 'refund', 'suspend', 'return')),
    ref TEXT NOT NULL,
    at INTEGER NOT NULL,
    -- One execution, one refund, one return of one thing: the book itself refuses a second.
    UNIQUE (purpose, ref)
);

CREATE TABLE postings (
    posting INTEGER PRIMARY KEY,
    txn INTEGER NOT NULL REFERENCES transactions (txn),
    account TEXT NOT NULL REFERENCES ledger_accounts (account),
    amount INTEGER NOT NULL CHECK (amount <> 0)
);
CREATE INDEX postings_txn ON postings (txn);

CREATE TRIGGER posting_moves_balance AFTER INSERT ON postings BEGIN
    UPDATE ledger_accounts SET balance = balance + NEW.amount WHERE account = NEW.account;
END;
CREATE TRIGGER postings_are_final BEFORE UPDATE ON postings BEGIN SELECT RAISE(ABORT, 'postings are final'); END;
CREATE TRIGGER postings_stay BEFORE DELETE ON postings BEGIN SELECT RAISE(ABORT, 'postings are final'); END;

-- Money that came for an account that is closed, until support pays it to its person. `reference` is the refund that it is from.
CREATE TABLE claims (
    claim_no TEXT PRIMARY KEY,
    account_id TEXT NOT NULL,
    reference TEXT NOT NULL UNIQUE,
    amount INTEGER NOT NULL CHECK (amount > 0),
    at INTEGER NOT NULL,
    pay_by INTEGER NOT NULL,
    paid_at INTEGER
) WITHOUT ROWID;
-- Payouts that the vault has written down; also of claims that a book that was put back does not have yet.
CREATE TABLE claim_payouts (reference TEXT PRIMARY KEY, at INTEGER NOT NULL) WITHOUT ROWID;

CREATE TABLE accounts (
    account_id TEXT PRIMARY KEY,
    phone_mark BLOB NOT NULL UNIQUE,
    phone_sealed BLOB NOT NULL,
    phone_masked TEXT NOT NULL,
    class INTEGER NOT NULL DEFAULT 0 CHECK (class BETWEEN 0 AND 3),
    name_masked TEXT,
    id_masked TEXT,
    id_mark BLOB UNIQUE,
    -- The document and its last day; until when the operator wants the real name verified again; who agreed for a minor.
    document TEXT,
    expires_on TEXT,
    reverify_by TEXT,
    guardian TEXT,
    pin_set INTEGER NOT NULL DEFAULT 0,
    pin_locked INTEGER NOT NULL DEFAULT 0,
    pin_must_change INTEGER NOT NULL DEFAULT 0,
    sheet_hash BLOB,
    frozen INTEGER NOT NULL DEFAULT 0,
    -- From when until when limits are low: a phone, a number or an approval key is new. Times that touch are one.
    low_since INTEGER NOT NULL DEFAULT 0,
    low_until INTEGER NOT NULL DEFAULT 0,
    history_seq INTEGER NOT NULL DEFAULT 0,
    history_hash BLOB NOT NULL,
    created_at INTEGER NOT NULL
) WITHOUT ROWID;

CREATE TABLE devices (
    device_id TEXT PRIMARY KEY,
    account_id TEXT NOT NULL REFERENCES accounts (account_id),
    registration_id TEXT NOT NULL UNIQUE,
    device_key BLOB NOT NULL,
    approve_key BLOB NOT NULL,
    model TEXT NOT NULL,
    revoked INTEGER NOT NULL DEFAULT 0,
    head TEXT,
    head_seq INTEGER NOT NULL DEFAULT -1,
    created_at INTEGER NOT NULL,
    form TEXT NOT NULL DEFAULT 'phone',
    -- To the hour.
    last_seen INTEGER NOT NULL DEFAULT 0,
    ended_at INTEGER,
    ended_by TEXT CHECK (ended_by IN ('signed_out', 'replaced')),
    -- What it has, as it says: names with a blank between them.
    capabilities TEXT NOT NULL DEFAULT '',
    -- The build of the app, as it says: JSON, empty for one that names none.
    build TEXT NOT NULL DEFAULT ''
) WITHOUT ROWID;

CREATE TABLE nonces (key_id TEXT NOT NULL, nonce TEXT NOT NULL, at INTEGER NOT NULL, PRIMARY KEY (key_id, nonce)) WITHOUT ROWID;
CREATE INDEX nonces_at ON nonces (at);

CREATE TABLE consents (
    consent_id TEXT PRIMARY KEY, account_id TEXT NOT NULL, document TEXT NOT NULL, version TEXT NOT NULL, at INTEGER NOT NULL,
    withdrawn_at INTEGER,
    -- SHA-256 of the text that was shown; absent for one that was withdrawn before it came.
    digest TEXT
) WITHOUT ROWID;
CREATE INDEX consents_account ON consents (account_id, at);

CREATE TABLE verifications (
    verification_id TEXT PRIMARY KEY,
    account_id TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('pending', 'passed', 'rejected')),
    code TEXT,
    retriable INTEGER NOT NULL DEFAULT 0,
    class INTEGER NOT NULL DEFAULT 0,
    name_masked TEXT,
    id_masked TEXT,
    at INTEGER NOT NULL,
    document TEXT NOT NULL DEFAULT 'resident_card',
    -- A person looks at it, until then at the latest.
    review_by INTEGER,
    guardian TEXT
) WITHOUT ROWID;
CREATE INDEX verifications_account ON verifications (account_id, at);

CREATE TABLE bindings (
    binding_id TEXT PRIMARY KEY,
    account_id TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('pending', 'otp_sent', 'refused', 'bound')),
    code TEXT,
    token TEXT, last4 TEXT, bank TEXT, brand TEXT, kind TEXT,
    card_id TEXT,
    -- The card whose place this one takes.
    replaces TEXT,
    expires_at INTEGER NOT NULL,
    tries INTEGER NOT NULL DEFAULT 0
) WITHOUT ROWID;

CREATE TABLE cards (
    card_id TEXT PRIMARY KEY,
    account_id TEXT NOT NULL,
    token TEXT NOT NULL UNIQUE,
    last4 TEXT NOT NULL, bank TEXT NOT NULL, brand TEXT NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('debit', 'credit', 'quasi_credit', 'prepaid')),
    -- The vault's mark of this number for this account: the same number bound again is the same card.
    number_mark TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('bound', 'unbound', 'replaced')),
    -- Why its bank would not debit it, as it said last.
    reason TEXT,
    -- Until when its bank does not serve, as it said last.
    until INTEGER,
    replaces TEXT,
    bound_at INTEGER NOT NULL,
    ended_at INTEGER,
    UNIQUE (account_id, number_mark)
) WITHOUT ROWID;

-- Removals that are done, so that a repeat after a lost answer is the same removal.
CREATE TABLE card_removals (removal_id TEXT PRIMARY KEY, account_id TEXT NOT NULL, card_id TEXT NOT NULL, at INTEGER NOT NULL) WITHOUT ROWID;

-- Who can be paid: merchants of our own printed codes, and merchants of an acquirer (route is then set).
CREATE TABLE payees (
    payee_id TEXT PRIMARY KEY,
    payee_code TEXT UNIQUE,
    name TEXT NOT NULL,
    route TEXT, merchant_no TEXT,
    -- The merchant takes no credit.
    no_credit INTEGER NOT NULL DEFAULT 0,
    created_at INTEGER NOT NULL
) WITHOUT ROWID;

CREATE TABLE quotes (
    quote_id TEXT PRIMARY KEY,
    account_id TEXT NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('top_up', 'pay', 'ask', 'withdraw', 'transfer')),
    -- The card, of a withdrawal.
    payee_id TEXT, order_no TEXT, ask_id TEXT,
    -- The one source that was asked about.
    card_id TEXT,
    -- How long a transfer waits.
    delay_ms INTEGER,
    amount INTEGER NOT NULL, fee INTEGER NOT NULL,
    challenge BLOB NOT NULL,
    expires_at INTEGER NOT NULL,
    used_by TEXT,
    -- The epoch that it was made in. It dies with it: what a later epoch would accept under it may have been signed as dead before.
    epoch INTEGER NOT NULL
) WITHOUT ROWID;

CREATE TABLE payments (
    intent_id TEXT PRIMARY KEY,
    account_id TEXT NOT NULL,
    -- SHA-256 of the terms; absent for a tombstone of an id that was never seen.
    digest BLOB,
    kind TEXT, payee_id TEXT, order_no TEXT, ask_id TEXT,
    amount INTEGER NOT NULL DEFAULT 0, fee INTEGER NOT NULL DEFAULT 0,
    card_id TEXT,
    -- 'accepted': nothing was handed on. 'sent': the bank was asked. 'cancelling': the bank was asked to forget it.
    -- 'orphan': the bank carried out what a restored book does not know.
    state TEXT NOT NULL CHECK (state IN ('accepted', 'sent', 'cancelling', 'orphan', 'succeeded', 'refused', 'tombstoned')),
    code TEXT,
    attempts_left INTEGER,
    proof BLOB,
    epoch INTEGER NOT NULL,
    order_id TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    next_try INTEGER NOT NULL DEFAULT 0,
    tries INTEGER NOT NULL DEFAULT 0,
    -- The order, of a payment that this book had forgotten when it took the order once more: order_no is then empty, both stand, and the
    -- merchant owes one of them. Who counts the payments of an order counts coalesce(order_no, order_again).
    order_again TEXT
) WITHOUT ROWID;
CREATE INDEX payments_again ON payments (payee_id, order_again) WHERE order_again IS NOT NULL;
CREATE INDEX payments_open ON payments (next_try) WHERE state IN ('accepted', 'sent', 'cancelling');
CREATE INDEX payments_account ON payments (account_id, state);
-- A second payment of the same order is refused by the book, whoever pays it.
CREATE UNIQUE INDEX payments_order ON payments (payee_id, order_no)
    WHERE payee_id IS NOT NULL AND order_no IS NOT NULL AND state IN ('accepted', 'sent', 'cancelling', 'succeeded');

CREATE TABLE stages (intent_id TEXT NOT NULL, stage TEXT NOT NULL, at INTEGER NOT NULL, PRIMARY KEY (intent_id, stage)) WITHOUT ROWID;

-- Money on its way back to a card: what came from a bank after we had signed that it would not, and refunds. 'rerouted': the card
-- takes nothing any more, and the money went to the person's balance.
CREATE TABLE returns (
    return_id TEXT PRIMARY KEY,
    intent_id TEXT NOT NULL UNIQUE,
    account_id TEXT,
    card_token TEXT NOT NULL,
    amount INTEGER NOT NULL CHECK (amount > 0),
    state TEXT NOT NULL CHECK (state IN ('suspended', 'returned', 'rerouted', 'held')),
    -- The record of a refund, which stands in the history already.
    record_id TEXT,
    at INTEGER NOT NULL,
    next_try INTEGER NOT NULL DEFAULT 0
) WITHOUT ROWID;

-- Transfers from other banks to the wallet's account, one row for each line of the bank's statement that was decided. 'credited': in the
-- balance of the account whose memo it carries. 'returning': in suspense, on its way back to the sender, for the reason in `code`. 'held': in
-- suspense; nobody's memo, and nobody is guessed.
CREATE TABLE wires (
    wire_id TEXT PRIMARY KEY,
    account_id TEXT,
    amount INTEGER NOT NULL CHECK (amount > 0),
    state TEXT NOT NULL CHECK (state IN ('credited', 'returning', 'returned', 'held')),
    code TEXT,
    -- What people name it by when they call support.
    support_no TEXT NOT NULL,
    at INTEGER NOT NULL,
    ended_at INTEGER,
    next_try INTEGER NOT NULL DEFAULT 0
) WITHOUT ROWID;
CREATE INDEX wires_account ON wires (account_id, at);
CREATE INDEX wires_returning ON wires (next_try) WHERE state = 'returning';
-- The memo of each account. Derived from its id, so that a book that was put back has it again.
CREATE TABLE wire_memos (account_id TEXT PRIMARY KEY, memo TEXT NOT NULL) WITHOUT ROWID;
CREATE INDEX wire_memos_memo ON wire_memos (memo);

-- Parts of balances that may not be spent.
CREATE TABLE holds (
    hold_id TEXT PRIMARY KEY,
    account_id TEXT NOT NULL,
    amount INTEGER NOT NULL CHECK (amount > 0),
    at INTEGER NOT NULL,
    lifted_at INTEGER
) WITHOUT ROWID;
CREATE INDEX holds_account ON holds (account_id);

-- Withdrawals, transfers and charges at tills of a book that was lost, which this one, put back to an older copy, has not taken up yet: so
-- much is held. A charge stands under a number that is made from the acquirer's order.
CREATE TABLE untaken (
    intent_id TEXT PRIMARY KEY,
    account_id TEXT NOT NULL,
    -- With the fee.
    amount INTEGER NOT NULL CHECK (amount > 0)
) WITHOUT ROWID;
CREATE INDEX untaken_account ON untaken (account_id);

-- Whom a payer looked up by number: nobody else can be paid.
CREATE TABLE known_people (
    payer TEXT NOT NULL, payee TEXT NOT NULL,
    -- The payer gave the hidden beginning of the name.
    name_checked INTEGER NOT NULL DEFAULT 0,
    looked_at INTEGER NOT NULL,
    -- When something was transferred last; absent: never.
    paid_at INTEGER,
    PRIMARY KEY (payer, payee)
) WITHOUT ROWID;
-- How often in a day somebody looked people up whom they never paid, and with a wrong name.
CREATE TABLE people_asks (account_id TEXT PRIMARY KEY, asked INTEGER NOT NULL, wrong INTEGER NOT NULL, since INTEGER NOT NULL) WITHOUT ROWID;

-- Transfers to persons. 'waiting': the money lies in suspense and can be called back. 'returned': the payee's account was closed.
CREATE TABLE transfers (
    intent_id TEXT PRIMARY KEY,
    payer TEXT NOT NULL, payee TEXT NOT NULL,
    amount INTEGER NOT NULL CHECK (amount > 0), fee INTEGER NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('waiting', 'arrived', 'cancelled', 'returned')),
    -- The payer's record.
    record_id TEXT NOT NULL,
    at INTEGER NOT NULL,
    arrives_at INTEGER NOT NULL,
    ended_at INTEGER
) WITHOUT ROWID;
CREATE INDEX transfers_due ON transfers (arrives_at) WHERE state = 'waiting';

-- Debits of a restored book's unknown intents; their money lies in suspense until the phone shows its receipt.
CREATE TABLE orphans (intent_id TEXT PRIMARY KEY, card_token TEXT NOT NULL, amount INTEGER NOT NULL CHECK (amount > 0)) WITHOUT ROWID;

-- What somebody of the operator has to look at, once for each movement: its bank booked another amount than it was asked for
-- ('bank_amount'), or paid out what was signed as never carried out ('bank_paid_dead').
CREATE TABLE alarms (
    ref TEXT NOT NULL,
    reason TEXT NOT NULL CHECK (reason IN ('bank_amount', 'bank_paid_dead')),
    asked INTEGER NOT NULL, booked INTEGER NOT NULL,
    at INTEGER NOT NULL,
    PRIMARY KEY (ref, reason)
) WITHOUT ROWID;

-- How much of each limit is used: bucket is 'day:20779', 'card:<id>:20779', 'static:20779', 'code:20779', 'year:2026', 'life', 'all:20779' (every
-- source), 'top_up:20779', 'withdraw:20779', 'low' (of the present time of low limits), 'free:pay' (of a free quota).
CREATE TABLE limit_uses (
    account_id TEXT NOT NULL, bucket TEXT NOT NULL, used INTEGER NOT NULL CHECK (used >= 0), PRIMARY KEY (account_id, bucket)
) WITHOUT ROWID;

-- Caps that a person set: what counts since when, and what takes its place from when on. NULL is no cap.
CREATE TABLE own_caps (
    account_id TEXT PRIMARY KEY,
    change_id TEXT NOT NULL,
    single INTEGER, day INTEGER,
    since INTEGER NOT NULL,
    next_single INTEGER, next_day INTEGER, next_from INTEGER
) WITHOUT ROWID;

CREATE TABLE batches (batch_id TEXT PRIMARY KEY, account_id TEXT NOT NULL, device_id TEXT NOT NULL, count INTEGER NOT NULL, at INTEGER NOT NULL) WITHOUT ROWID;

CREATE TABLE tokens (
    token_id TEXT PRIMARY KEY,
    batch_id TEXT NOT NULL, position INTEGER NOT NULL,
    account_id TEXT NOT NULL, device_id TEXT NOT NULL,
    key_sealed BLOB NOT NULL,
    not_after INTEGER NOT NULL,
    cap INTEGER NOT NULL, cap_untrusted INTEGER NOT NULL,
    -- Only one order can ever stand here.
    route TEXT, acquirer_order TEXT, consumed_at INTEGER,
    bad_tags INTEGER NOT NULL DEFAULT 0,
    revoked INTEGER NOT NULL DEFAULT 0,
    UNIQUE (route, acquirer_order)
) WITHOUT ROWID;
CREATE INDEX tokens_batch ON tokens (batch_id, position);
CREATE INDEX tokens_device ON tokens (device_id, consumed_at);

-- Charges of payer codes, one per acquirer's order.
CREATE TABLE charges (
    order_id TEXT PRIMARY KEY,
    route TEXT NOT NULL, acquirer_order TEXT NOT NULL,
    -- Our number as the acquirer gets it. It begins with the token, so that a restored book finds the payer again.
    our_order TEXT,
    token_id TEXT UNIQUE,
    account_id TEXT,
    payee_id TEXT, payee_name TEXT NOT NULL,
    merchant_order TEXT NOT NULL,
    code_mark BLOB NOT NULL,
    amount INTEGER NOT NULL,
    subject TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('asked', 'paid', 'refused', 'revoked')),
    code TEXT,
    ask_id TEXT UNIQUE,
    intent_id TEXT,
    expires_at INTEGER,
    refunded INTEGER NOT NULL DEFAULT 0 CHECK (refunded >= 0 AND refunded <= amount),
    paid_at INTEGER,
    created_at INTEGER NOT NULL,
    UNIQUE (route, acquirer_order)
) WITHOUT ROWID;
CREATE INDEX charges_open ON charges (expires_at) WHERE state = 'asked';

CREATE TABLE refunds (
    route TEXT NOT NULL, refund_order TEXT NOT NULL,
    order_id TEXT NOT NULL, amount INTEGER NOT NULL CHECK (amount > 0), at INTEGER NOT NULL,
    PRIMARY KEY (route, refund_order)
) WITHOUT ROWID;

-- What a person asked a merchant to give back: a part of one payment, or one of two that are the same thing paid twice. Then `pair` names
-- both, and there is one claim for them.
CREATE TABLE refund_asks (
    ask_id TEXT PRIMARY KEY,
    account_id TEXT NOT NULL,
    record_id TEXT NOT NULL,
    other_id TEXT,
    pair TEXT UNIQUE,
    amount INTEGER NOT NULL CHECK (amount > 0),
    reason TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('requested', 'approved', 'refused', 'given')),
    -- Why the merchant refused.
    why TEXT,
    -- What the merchant agreed to.
    agreed INTEGER,
    -- The record of the refund that answered it.
    refund_id TEXT UNIQUE,
    asked_at INTEGER NOT NULL,
    answered_at INTEGER,
    changed_at INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX refund_asks_account ON refund_asks (account_id, changed_at);
CREATE INDEX refund_asks_record ON refund_asks (record_id, state);
-- Refunds of merchants of our own that the vault has written down; also of payments that a book that was put back does not have yet.
CREATE TABLE refunds_decided (
    ask_id TEXT PRIMARY KEY, account_id TEXT NOT NULL, record_id TEXT NOT NULL, amount INTEGER NOT NULL CHECK (amount > 0), at INTEGER NOT NULL
) WITHOUT ROWID;

CREATE TABLE history (
    account_id TEXT NOT NULL, seq INTEGER NOT NULL, record_id TEXT NOT NULL,
    body BLOB NOT NULL, hash BLOB NOT NULL, at INTEGER NOT NULL,
    PRIMARY KEY (account_id, seq)
) WITHOUT ROWID;

CREATE TABLE sheet_tries (phone_mark BLOB PRIMARY KEY, tries INTEGER NOT NULL, since INTEGER NOT NULL) WITHOUT ROWID;

-- Phones that take the place of a lost one. A row begins with the right code; the code itself is in memory only.
CREATE TABLE replacements (
    replacement_id TEXT PRIMARY KEY,
    account_id TEXT NOT NULL,
    phone_mark BLOB NOT NULL,
    device_key BLOB NOT NULL, approve_key BLOB NOT NULL, model TEXT NOT NULL,
    -- 'void': another phone was first.
    state TEXT NOT NULL CHECK (state IN ('open', 'done', 'void')),
    person TEXT NOT NULL DEFAULT 'none' CHECK (person IN ('none', 'pending', 'passed')),
    person_proof TEXT,
    rejected INTEGER NOT NULL DEFAULT 0, rejected_at INTEGER NOT NULL DEFAULT 0,
    number_at INTEGER NOT NULL,
    device_id TEXT
) WITHOUT ROWID;
CREATE INDEX replacements_account ON replacements (account_id, number_at);

-- Phones that are signed in beside the others. A row begins with the right code; the code itself is in memory only.
CREATE TABLE sign_ins (
    sign_in_id TEXT PRIMARY KEY,
    account_id TEXT NOT NULL,
    phone_mark BLOB NOT NULL,
    device_key BLOB NOT NULL, approve_key BLOB NOT NULL, model TEXT NOT NULL, form TEXT NOT NULL,
    -- 'void': another phone took the account over.
    state TEXT NOT NULL CHECK (state IN ('open', 'done', 'void')),
    -- What was proven: the change that set the password, or 'pin'. A later password has to be proven anew.
    secret_proven TEXT,
    pin_wrong INTEGER NOT NULL DEFAULT 0,
    number_at INTEGER NOT NULL,
    device_id TEXT
) WITHOUT ROWID;
CREATE INDEX sign_ins_account ON sign_ins (account_id, number_at);

-- Approval keys that took the place of dead ones, so that a repeat after a lost answer is the same renewal.
CREATE TABLE renewals (renewal_id TEXT PRIMARY KEY, device_id TEXT NOT NULL, low_until INTEGER NOT NULL) WITHOUT ROWID;

-- What the person has to be told about the account, beside the SMS.
CREATE TABLE notices (notice_id TEXT PRIMARY KEY, account_id TEXT NOT NULL, kind TEXT NOT NULL, device_id TEXT, at INTEGER NOT NULL) WITHOUT ROWID;

-- Numbers that take the place of an account's number. A row begins when a code to the new number is asked for; codes are in
-- memory only, what they proved is here.
CREATE TABLE phone_changes (
    change_id TEXT PRIMARY KEY,
    account_id TEXT NOT NULL,
    device_id TEXT NOT NULL,
    new_mark BLOB NOT NULL, new_sealed BLOB NOT NULL, new_masked TEXT NOT NULL,
    old_mark BLOB NOT NULL,
    old_reachable INTEGER NOT NULL,
    -- 'void': another change of the account, or another account's, was first.
    state TEXT NOT NULL CHECK (state IN ('open', 'done', 'void')),
    new_at INTEGER, old_at INTEGER,
    person TEXT NOT NULL DEFAULT 'none' CHECK (person IN ('none', 'pending', 'passed')),
    person_proof TEXT,
    -- How often the name was rejected within a day, and when it was last.
    rejected INTEGER NOT NULL DEFAULT 0, rejected_at INTEGER NOT NULL DEFAULT 0,
    low_until INTEGER,
    at INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX phone_changes_account ON phone_changes (account_id, at);
-- Who knows the earlier number only can still freeze the account by it.
CREATE INDEX phone_changes_old ON phone_changes (old_mark) WHERE state = 'done';

-- New PINs for who forgot the old one; the PINs themselves are the vault's.
CREATE TABLE pin_resets (
    reset_id TEXT PRIMARY KEY,
    account_id TEXT NOT NULL,
    device_id TEXT NOT NULL,
    -- 'void': another reset of the account was first.
    state TEXT NOT NULL CHECK (state IN ('open', 'done', 'void')),
    number_at INTEGER,
    person TEXT NOT NULL DEFAULT 'none' CHECK (person IN ('none', 'pending', 'passed')),
    person_proof TEXT,
    rejected INTEGER NOT NULL DEFAULT 0, rejected_at INTEGER NOT NULL DEFAULT 0,
    -- The try whose PIN counts.
    done_by TEXT,
    low_until INTEGER,
    at INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX pin_resets_account ON pin_resets (account_id, at);

-- External checks of a person, which decide the class: registers, and `bank:<name>` for a bound card.
CREATE TABLE identity_checks (
    account_id TEXT NOT NULL, source TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('match', 'mismatch', 'not_found')),
    at INTEGER NOT NULL,
    PRIMARY KEY (account_id, source)
) WITHOUT ROWID;

-- What a face check is bound to.
CREATE TABLE liveness_nonces (nonce TEXT PRIMARY KEY, account_id TEXT NOT NULL, expires_at INTEGER NOT NULL, used_by TEXT) WITHOUT ROWID;

-- A guardian's consent to a minor's account.
CREATE TABLE guardian_codes (code_mark BLOB PRIMARY KEY, account_id TEXT NOT NULL, expires_at INTEGER NOT NULL, used_by TEXT) WITHOUT ROWID;

-- Numbers to which no code is sent, by their beginning.
CREATE TABLE phone_rules (prefix TEXT PRIMARY KEY) WITHOUT ROWID;
-- Where the account's person is told beside the number. One counts once its code came back.
CREATE TABLE contacts (
    contact_id TEXT PRIMARY KEY,
    account_id TEXT NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('phone', 'email')),
    address_sealed BLOB NOT NULL, address_masked TEXT NOT NULL,
    verified_at INTEGER,
    at INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX contacts_account ON contacts (account_id, kind);
CREATE TABLE contact_asks (account_id TEXT PRIMARY KEY, count INTEGER NOT NULL, since INTEGER NOT NULL) WITHOUT ROWID;

-- Accounts on their way out. 'blocked': something arrived in the days of taking it back, and the account goes on.
CREATE TABLE closures (
    closure_id TEXT PRIMARY KEY,
    account_id TEXT NOT NULL,
    device_id TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('cooling', 'reopened', 'blocked', 'closed')),
    code TEXT,
    asked_at INTEGER NOT NULL,
    closes_at INTEGER NOT NULL,
    ended_at INTEGER
) WITHOUT ROWID;
CREATE INDEX closures_account ON closures (account_id, asked_at);
CREATE INDEX closures_due ON closures (closes_at) WHERE state = 'cooling';
