"""Arithmetic that several penalties share; imported only when a penalty is computed."""
