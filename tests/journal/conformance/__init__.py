"""What every engine promises: each test here runs on SQLite and on PostgreSQL."""
