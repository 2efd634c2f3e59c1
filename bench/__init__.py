"""What is measured, with one command each."""
