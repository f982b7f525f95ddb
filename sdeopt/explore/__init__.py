"""A page in the browser on which a method, its SDE and their hyperparameters are tried out.

Python's own server and one page of plain JavaScript: nothing to install, no framework whose next version breaks it,
and nothing that could ask the network. The page asks for numbers and draws them itself; all statements are the
library's.
"""
