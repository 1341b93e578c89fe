"""Lists of agencies on their way into the register: read safely, previewed, applied, undone as a whole."""
