"""Understanding: which words of a query name something that the catalogue knows, and which prices it states."""
