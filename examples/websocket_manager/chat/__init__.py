"""Parley, a small chat server: the example application of unshim."""
