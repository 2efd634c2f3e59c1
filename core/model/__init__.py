"""Everything between the core and a model: client, offline stand-in, budget. No prompts."""
