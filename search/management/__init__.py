"""What runs on the command line."""
