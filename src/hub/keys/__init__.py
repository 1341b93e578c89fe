"""The hub's keys: what is encrypted, how stored values are laid out, and how keys are changed while people work.

`ring` holds the keys in one file of this machine and does the arithmetic; it knows no database. `columns` are the two
kinds of database column that carry what keys made. `rotation` changes keys and moves stored values to new ones.
`command` is the terminal: `hub keys`. Why it is built this way stands in `docs/decisions/0008-keys.md`.

The database server never sees a key or a plain value: both would end up in its memory, its plans and its logs.
"""
