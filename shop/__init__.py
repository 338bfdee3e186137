"""The shop: a Django project with a fashion catalogue, an importer and a storefront."""
