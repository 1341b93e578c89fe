"""Who serves where: the district and its centres."""
