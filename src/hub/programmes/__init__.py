"""The law in force at this office: which version of the catalogue counts, and pages to read it."""
