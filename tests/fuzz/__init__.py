"""Inputs that nobody means, for every public constructor, verb, command and file: each gets an answer or a sentence.

``pytest tests/fuzz`` is the quick lane, with a fixed seed. ``python -m tests.fuzz 10000`` tries as many of each kind,
and lists what it found.
"""
