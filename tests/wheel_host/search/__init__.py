"""The shop's own app of this name, older than the plugin: searches that customers have saved."""
