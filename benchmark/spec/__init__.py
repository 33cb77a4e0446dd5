"""What a paper says, as frozen data: the parts' contracts, the YAML loader and the paper model."""
