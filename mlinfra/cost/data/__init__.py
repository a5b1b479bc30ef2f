"""Facts that cost reckoning needs besides prices: each a table with source and date per row."""
