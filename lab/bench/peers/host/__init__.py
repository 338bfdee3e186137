"""A host of one table, for the engines that are Django apps."""
