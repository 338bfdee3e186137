"""Ready connections to shops that others have written; each needs the shop's own packages, which the plugin does not."""
