-- A process that died makes no attempt any more; what it wrote down of them, the ledger will have.
DELETE FROM reservation WHERE owner = :owner
