"""`python -m training report`: runs and artifacts side by side in one HTML page that needs nothing else."""
