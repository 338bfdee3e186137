"""This search beside others: the same products, the same queries, each in a process of its own."""
