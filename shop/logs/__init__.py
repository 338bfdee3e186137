"""Lines of the log: which request each belongs to, and what is never in one."""
