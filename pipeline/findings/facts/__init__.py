"""What the runs on a table of facts answer to whoever brought it."""
