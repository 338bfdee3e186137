"""A host of the plugin that writes no search page: the plugin's own, in a base template of its own."""
