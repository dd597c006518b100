"""What programs rely on without knowing it, as far as no other test shows it: docs/promises.md."""
