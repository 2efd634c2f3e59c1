"""What stands for text that a model is no longer shown: asked for, checked, kept. Sends nothing."""
