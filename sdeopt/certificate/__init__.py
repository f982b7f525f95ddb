"""Certificates: the weak order of an SDE as a fitted slope with an interval."""
