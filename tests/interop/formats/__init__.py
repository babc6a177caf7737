"""One module per format: FORMAT, its peers, and `compare(ours, peer, run)`, which runs every check of the format."""
