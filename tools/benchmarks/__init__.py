"""How fast the client is, beside the obvious limit and its peers, all in one run."""
