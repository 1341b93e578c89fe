"""Who looked at whom: the monthly inspection of the audit trail, unusual access, and whom it concerned."""
