"""Indexes over the network: the Simple API client, its cache, and the recorder."""
