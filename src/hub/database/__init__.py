"""Django's PostgreSQL backend, with one addition: every transaction says whose eyes it looks through."""
