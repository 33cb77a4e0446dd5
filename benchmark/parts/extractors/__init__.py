"""Networks that turn images into features: Inception from its pinned weights, and small classifiers that ship here."""
