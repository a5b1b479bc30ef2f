"""Facts that validation needs, with source and date per row."""
