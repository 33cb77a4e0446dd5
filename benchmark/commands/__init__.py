"""What each command does: read files, call one stage, print. Decisions live in the stages."""
