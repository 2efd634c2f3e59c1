"""Really forgetting what people want forgotten: what it is, where its traces are, removing them."""
