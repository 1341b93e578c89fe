"""Who is entitled to what: district runs over everybody, and interviews at the desk with one household."""
