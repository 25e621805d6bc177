"""The PostgreSQL store: one memory for several gateways and hosts."""
