"""What a worker does for the inspection."""
