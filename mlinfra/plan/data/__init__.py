"""What a plan knows about resource types: tables with a source and a date per row."""
