"""Update rules, one per file."""
