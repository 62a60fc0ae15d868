"""What is said in each language, by subject."""
