"""The look of all figures, and the axes that they share; what a result draws stands in its room."""
