"""The chain over the audit trail: sealing, anchoring outside the database, verifying; see docs/audit.md."""
