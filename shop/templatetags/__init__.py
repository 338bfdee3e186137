"""Tags and filters of the storefront's templates."""
