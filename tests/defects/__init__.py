"""A test for each defect that users of event loops have reported; docs/promises.md lists them."""
