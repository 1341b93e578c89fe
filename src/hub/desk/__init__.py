"""Where a working day begins: the only app that looks across all stages, and only reads."""
