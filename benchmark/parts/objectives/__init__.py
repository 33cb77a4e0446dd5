"""Terms that a player may minimise, one per file, named for their mathematics."""
