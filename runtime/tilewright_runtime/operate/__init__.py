"""What is done with a store beside writing and fetching."""
