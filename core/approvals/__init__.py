"""Which tool calls wait for a person's word, and how they are shown. Asks nobody itself."""
