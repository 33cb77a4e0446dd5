"""What only a GPU can show; every module here is skipped without one."""
