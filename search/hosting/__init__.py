"""How a shop is found its way into: its models are looked at, its settings and servers, and the file that joins the two is written."""
