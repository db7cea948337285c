"""What is kept: which code, parameters and inputs made a result, and whether they would make it now."""
