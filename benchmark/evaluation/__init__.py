"""Measuring trained systems: scores, scores under other protocols, anchors, calibration."""
