"""From a plan to run records: planning, running, storing, packing."""
