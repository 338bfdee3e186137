"""django-oscar: its catalogue as a product index, its search and category pages from the index. See docs/oscar.md."""
