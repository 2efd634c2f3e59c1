"""The local web page as a platform. Translation and transport; it decides nothing."""

from adapters.web.adapter import WebAdapter

__all__ = ["WebAdapter"]
