"""The artifacts that ship. A wheel installs this folder as `fashion_search_model`, where the plugin finds it."""
