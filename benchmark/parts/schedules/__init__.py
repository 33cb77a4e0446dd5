"""How a learning rate moves over training, one law per file."""
