"""The map of the catalogue: a plane on which products lie near each other whose pictures look alike."""
