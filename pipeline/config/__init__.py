"""What is asked: runs and their parameters, experiments, scales. Nothing here knows of results."""
