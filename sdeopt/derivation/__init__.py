"""The SDE of an optimizer from its update alone: derived, printed, written as a page and checked."""
