"""One protocol for every result: it is shown, drawn, kept in a file and opened again."""
