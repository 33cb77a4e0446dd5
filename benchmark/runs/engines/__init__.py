"""Ways to run many runs: thin adapters around `ganrepro run-one`."""
