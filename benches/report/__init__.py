"""What is written of what was measured."""
