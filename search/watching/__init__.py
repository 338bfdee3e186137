"""For those who watch the shop: whether it lives, whether it is ready, and its figures for Prometheus."""
