"""What residents agreed to, how long the hub keeps what it knows, and what they can ask of it."""
