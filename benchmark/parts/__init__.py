"""Everything that a spec can name: one folder for each kind of part."""
