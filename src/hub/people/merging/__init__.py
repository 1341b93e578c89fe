"""One resident, one record: two rows of the register that are the same resident are merged by two persons, and parted again."""
