"""The fourth room: the answer as it flows. Framing of server-sent events, and the one stream callable."""
