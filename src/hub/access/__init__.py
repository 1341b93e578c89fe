"""Who is asking: users, the posts they hold, what these allow, and the trail of what was done."""
