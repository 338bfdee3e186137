"""The search log: what was searched for, what was found and clicked, and what the admin shows of it."""
