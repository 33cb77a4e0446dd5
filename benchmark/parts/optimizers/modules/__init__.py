"""Update rules as torch optimisers."""
