"""What the suite checks beyond the schema."""
