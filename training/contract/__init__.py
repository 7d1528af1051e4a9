"""What the trainer and the app must agree on, and nothing else."""
