"""The built-in offline model: an honest rule-based stand-in for a model. No network, no key."""
