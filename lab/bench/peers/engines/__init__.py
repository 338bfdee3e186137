"""One file per search engine, each with one `Peer`."""
