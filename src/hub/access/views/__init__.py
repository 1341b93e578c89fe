"""Pages of who is who: the door, one's own account, the accounts of others, and the two-person rule."""
