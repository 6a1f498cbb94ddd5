"""What must not leave: placeholders for what is personal or secret, and the way back.

`walk` says which strings of a request carry content and where their bytes are, `detect` what in a string
must not leave, `redact` puts placeholders there and keeps the originals in a flow's `vault`, `restore` puts
the originals back into the answer.
"""
