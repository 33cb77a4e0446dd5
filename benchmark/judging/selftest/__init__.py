"""The harness tested by mutation: how often verdicts are wrong on synthetic records, and which planted faults pass."""
