"""The health of the catalogue: products that somebody should look at, and why."""
