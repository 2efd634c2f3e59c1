"""Servers that the tests and the bench talk to over real sockets. Nothing of the product."""
