"""What is remembered: records, reference tables and the store."""
