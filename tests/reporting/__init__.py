"""Tests of the report, on made-up records and verdicts."""
