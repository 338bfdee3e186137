"""The shop on one machine with nothing installed but Python: embedded Postgres and Redis, and the demo runner."""
